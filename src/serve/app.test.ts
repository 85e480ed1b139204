import { afterEach, describe, expect, it } from 'vitest';
import { parsePrometheusText } from '../../test/support/prometheus-text.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { isUuid } from '../core/index.ts';
import { shutdown, traceGraph } from '../tracing/index.ts';
import { type GraphServer, type StartServerOptions, startServer } from './index.ts';
import { probeGraph, refundGraph } from './testing/graphs.ts';

const servers: GraphServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Answer {
  readonly output: {
    readonly __interrupt__?: unknown;
    readonly messages: readonly { readonly content: string }[];
  };
  readonly metadata: { readonly run_ids: readonly string[]; readonly responses: unknown };
}

async function answerOf(response: Response): Promise<Answer> {
  return (await response.json()) as Answer;
}

/** A server of its own on a free port, what it logged, and a client for it. */
async function serve(options: Partial<StartServerOptions> = {}) {
  const { graph, probe } = probeGraph();
  const logged: string[] = [];
  const logger = {
    warn: (text: string) => void logged.push(text),
    error: (text: string) => void logged.push(text),
  };
  const server = await startServer({ graph, logger, graceMs: 100, ...options });
  servers.push(server);
  const post = (route: string, body: unknown, init: RequestInit = {}) =>
    fetch(`${server.url}/${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...init,
    });
  return { server, probe, logged, post, origin: new URL(server.url).origin };
}

describe('invoke', () => {
  it("answers with the output and the run id, which is the graph's", async () => {
    const { post, probe } = await serve();
    const response = await post('invoke', { input: { ask: 'hi' } });
    const body = await response.json();
    expect(response.status).toBe(200);
    const runId = response.headers.get('x-run-id');
    expect(body).toEqual({
      output: { ask: 'hi', answer: 're: hi' },
      metadata: { run_id: runId, feedback_tokens: [] },
    });
    expect(runId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(probe.configs[0]?.configurable?.['run_id']).toBe(runId);
  });

  it('tells the run the route that was called and the trace of its caller', async () => {
    const { post, probe } = await serve();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await post(
      'invoke',
      { input: { ask: 'a' } },
      { headers: { 'content-type': 'application/json', traceparent, tracestate: 'ot=th:8' } },
    );
    await post('invoke', { input: { ask: 'a' } });
    const [called, alone] = probe.configs.map((config) => config.metadata ?? {});
    expect(called).toMatchObject({ route: '/agent/invoke', traceparent, tracestate: 'ot=th:8' });
    expect(alone).toMatchObject({ route: '/agent/invoke' });
    expect(Object.keys(alone ?? {})).not.toContain('traceparent');
  });

  it("makes a thread id where there is none, and takes the client's", async () => {
    const { post, probe } = await serve();
    await post('invoke', { input: { ask: 'a' } });
    await post('invoke', { input: { ask: 'a' } });
    await post('invoke', { input: { ask: 'a' }, config: { configurable: { thread_id: 't1', user: 'u' } } });
    const [first, second, third] = probe.configs.map((config) => config.configurable);
    expect(isUuid(first?.['thread_id'])).toBe(true);
    expect(second?.['thread_id']).not.toBe(first?.['thread_id']);
    expect(third).toMatchObject({ thread_id: 't1', user: 'u' });
  });

  it('lets no client choose run ids, checkpoints or internals', async () => {
    const { post, probe } = await serve();
    const configurable = {
      run_id: 'mine',
      checkpoint_id: 'c',
      checkpoint_ns: 'n',
      __pregel_send: 1,
      __x: 2,
      ok: 3,
    };
    const response = await post('invoke', { input: { ask: 'a' }, config: { configurable } });
    const seen = probe.configs[0]?.configurable ?? {};
    expect(seen['ok']).toBe(3);
    expect(seen['run_id']).toBe(response.headers.get('x-run-id'));
    expect(seen).not.toHaveProperty('__x');
    expect(seen['checkpoint_id']).toBeUndefined();
    expect(seen['__pregel_send']).not.toBe(1);
  });

  it("honours the client's recursion limit", async () => {
    const { post, logged } = await serve();
    const response = await post('invoke', { input: { ask: 'a' }, config: { recursionLimit: 1 } });
    expect(response.status).toBe(500);
    expect(logged[0]).toContain('Recursion limit of 1');
  });

  it('tells the client nothing of a failure but the run, and the log no payload', async () => {
    const { post, logged } = await serve();
    const response = await post('invoke', { input: { ask: 'throw' } });
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('Internal Server Error');
    const runId = response.headers.get('x-run-id') ?? '';
    expect(isUuid(runId)).toBe(true);
    expect(logged).toEqual([`run ${runId} failed: the database of customer 7 is down`]);
  });

  it('ends the run when the client goes away, and calls that no failure', async () => {
    const { post, probe, logged } = await serve();
    const client = new AbortController();
    const answer = post('invoke', { input: { ask: 'hang' } }, { signal: client.signal });
    await probe.waiting;
    client.abort();
    await expect(answer).rejects.toThrow();
    await aborted(probe.signals[0]);
    expect(logged).toEqual([]);
  });

  it('carries an interrupt out, and its answer back in', async () => {
    const { post } = await serve({ graph: refundGraph() });
    const config = { configurable: { thread_id: 't1' } };
    const asked = await answerOf(
      await post('invoke', { input: { messages: [['human', 'money back']] }, config }),
    );
    expect(asked.output.__interrupt__).toEqual([
      { id: expect.any(String), value: { question: 'Refund 120.00?' } },
    ]);
    const other = await post('invoke', {
      input: null,
      command: { resume: false },
      config: { configurable: { thread_id: 't2' } },
    });
    // LangGraph runs nothing on a thread that has no interrupt.
    expect((await answerOf(other)).output.messages).toEqual([]);
    const answered = await answerOf(await post('invoke', { input: null, command: { resume: true }, config }));
    expect(answered.output).not.toHaveProperty('__interrupt__');
    expect(answered.output.messages.map((message) => message.content)).toEqual(['money back', 'Refunded.']);
  });
});

describe('batch', () => {
  it('answers in order, with a run of its own for each input', async () => {
    const { post, probe } = await serve({ batchConcurrency: 2 });
    const asks = ['a', 'b', 'c', 'd', 'e'];
    const body = await answerOf(await post('batch', { inputs: asks.map((ask) => ({ ask })) }));
    expect(body.output).toEqual(asks.map((ask) => ({ ask, answer: `re: ${ask}` })));
    expect(new Set(body.metadata.run_ids).size).toBe(5);
    expect(body.metadata.responses).toEqual(
      body.metadata.run_ids.map((run_id) => ({ run_id, feedback_tokens: [] })),
    );
    expect(probe.mostRunning).toBe(2);
    expect(new Set(probe.configs.map((config) => config.configurable?.['thread_id'])).size).toBe(5);
  });

  it('answers no inputs with no outputs', async () => {
    const { post } = await serve();
    expect(await (await post('batch', { inputs: [] })).json()).toEqual({
      output: [],
      metadata: { responses: [], run_ids: [] },
    });
  });

  it('takes a config for each input', async () => {
    const { post, probe } = await serve();
    const config = [{ configurable: { user: 'a' } }, { configurable: { user: 'b' } }];
    await post('batch', { inputs: [{ ask: '1' }, { ask: '2' }], config });
    expect(probe.configs.map((seen) => seen.configurable?.['user']).sort()).toEqual(['a', 'b']);
    expect((await post('batch', { inputs: [{ ask: '1' }], config })).status).toBe(422);
  });

  it('fails as a whole with one failing input, and stops the others', async () => {
    const { post, probe, logged } = await serve();
    const response = await post('batch', { inputs: [{ ask: 'hang' }, { ask: 'throw' }, { ask: 'hang' }] });
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('Internal Server Error');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(response.headers.get('x-run-id'));
    expect(probe.running).toBe(0);
  });
});

describe('stream', () => {
  it('sends the events of the protocol to the byte', async () => {
    const { post } = await serve();
    const response = await post('stream', { input: { ask: 'hi' } });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const runId = response.headers.get('x-run-id');
    expect(await response.text()).toBe(
      [
        `event: metadata\r\ndata: {"run_id":"${runId}"}\r\n\r\n`,
        'event: data\r\ndata: {"first":{}}\r\n\r\n',
        'event: data\r\ndata: {"second":{"answer":"re: hi"}}\r\n\r\n',
        'event: end\r\n\r\n',
      ].join(''),
    );
  });

  it('ends with an error event, and no end, when the run fails', async () => {
    const { post, logged } = await serve();
    const response = await post('stream', { input: { ask: 'throw' } });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toMatch(/^event: metadata\r\n/);
    expect(text).toMatch(
      /event: error\r\ndata: \{"status_code":500,"message":"Internal Server Error"\}\r\n\r\n$/,
    );
    expect(text).not.toContain('event: end');
    expect(logged[0]).toContain(response.headers.get('x-run-id'));
  });

  it('sends each chunk when it is there, not at the end', async () => {
    const { post, probe } = await serve();
    const response = await post('stream', { input: { ask: 'wait' } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"first"')) text += (await reader?.read())?.value ?? '';
    expect(text).not.toContain('"second"');
    probe.release();
    for (let chunk = await reader?.read(); !chunk?.done; chunk = await reader?.read()) text += chunk?.value;
    expect(text).toMatch(/event: end\r\n\r\n$/);
  });

  it('ends the run when the client goes away', async () => {
    const { post, probe, logged } = await serve();
    const client = new AbortController();
    const response = await post('stream', { input: { ask: 'hang' } }, { signal: client.signal });
    const read = response.text();
    await probe.waiting;
    client.abort();
    await expect(read).rejects.toThrow();
    await aborted(probe.signals[0]);
    expect(logged).toEqual([]);
  });

  it('carries an interrupt out, and its answer back in', async () => {
    const { post } = await serve({ graph: refundGraph() });
    const config = { configurable: { thread_id: 't1' } };
    const asked = await (await post('stream', { input: { messages: ['money back'] }, config })).text();
    expect(asked).toMatch(
      /data: \{"__interrupt__":\[\{"id":"[^"]+","value":\{"question":"Refund 120.00\?"\}\}\]\}/,
    );
    const answered = await (await post('stream', { input: null, command: { resume: false }, config })).text();
    expect(answered).toContain('"content":"Not refunded."');
  });
});

describe('what is no run', () => {
  it('says how it is', async () => {
    const named = await serve({ name: 'support', version: '1.2.3' });
    expect(await (await fetch(`${named.origin}/health`)).json()).toEqual({
      status: 'ok',
      name: 'support',
      version: '1.2.3',
    });
    const plain = await serve();
    expect(await (await fetch(`${plain.origin}/health`)).json()).toEqual({ status: 'ok', name: 'probe' });
  });

  it('is measured nowhere unless it is asked for', async () => {
    const { origin } = await serve();
    expect((await fetch(`${origin}/metrics`)).status).toBe(404);
  });

  it("answers /metrics with the tracer's metrics as Prometheus text", async () => {
    await using dir = await tempDir();
    const graph = traceGraph(probeGraph().graph, { home: dir.path, handleSignals: false });
    const { origin, post } = await serve({ graph, metrics: true });
    await post('invoke', { input: { ask: 'hi' } });
    const response = await fetch(`${origin}/metrics`);
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('cache-control'),
    ]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', 'no-store']);
    const runs = parsePrometheusText(await response.text()).get('sluicegate_runs_total');
    expect(runs?.samples).toContainEqual({
      name: 'sluicegate_runs_total',
      labels: { graph: 'probe', outcome: 'success' },
      value: 1,
    });
    const posted = await fetch(`${origin}/metrics`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
    await shutdown();
  });

  it('answers /metrics with the text of a function, and 500 without a word when it throws', async () => {
    let calls = 0;
    const metrics = () => {
      calls += 1;
      if (calls > 1) throw new Error('registry is broken');
      return 'mine 1\n';
    };
    const { origin, logged } = await serve({ metrics });
    expect(await (await fetch(`${origin}/metrics`)).text()).toBe('mine 1\n');
    const failed = await fetch(`${origin}/metrics`);
    expect([failed.status, await failed.text()]).toEqual([500, 'Internal Server Error']);
    expect(logged).toEqual(['GET /metrics failed: registry is broken']);
  });

  it.each(['invoke', 'batch', 'stream'])('refuses a bad body of %s', async (route) => {
    const { post, probe } = await serve();
    const broken = await post(route, '{"input":');
    expect([broken.status, await broken.text()]).toEqual([422, '{"detail":["Invalid JSON body"]}']);
    const empty = await post(route, {});
    const field = route === 'batch' ? 'inputs' : 'input';
    expect([empty.status, await empty.json()]).toEqual([
      422,
      { detail: [{ type: 'missing', loc: ['body', field], msg: 'Field required' }] },
    ]);
    expect(probe.configs).toEqual([]);
  });

  it('refuses what any web page could send', async () => {
    const { post, probe } = await serve();
    const response = await post(
      'invoke',
      { input: { ask: 'a' } },
      { headers: { 'content-type': 'text/plain' } },
    );
    expect([response.status, await response.json()]).toEqual([
      415,
      { detail: ['Content-Type must be application/json'] },
    ]);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(probe.configs).toEqual([]);
  });

  it('refuses a body over the limit, announced or not', async () => {
    const { post, probe, logged } = await serve({ maxBodyBytes: 1_000 });
    const body = JSON.stringify({ input: { ask: 'x'.repeat(2_000) } });
    const detail = { detail: ['Request body larger than 1000 bytes'] };
    const announced = await post('invoke', body);
    expect([announced.status, await announced.json()]).toEqual([413, detail]);
    const init = { body: new Blob([body]).stream(), duplex: 'half' } as RequestInit;
    const streamed = await post('invoke', '', init);
    expect([streamed.status, await streamed.json()]).toEqual([413, detail]);
    expect((await post('invoke', { input: { ask: 'x'.repeat(500) } })).status).toBe(200);
    expect(probe.configs).toHaveLength(1);
    expect(logged).toEqual([]);
  });

  it('takes 4 MiB by default', async () => {
    const { post } = await serve();
    expect((await post('invoke', { input: { ask: 'x'.repeat(4_000_000) } })).status).toBe(200);
    expect((await post('invoke', { input: { ask: 'x'.repeat(4_300_000) } })).status).toBe(413);
  });

  it('answers unknown routes and methods in JSON', async () => {
    const { server, origin } = await serve();
    const unknown = await fetch(`${server.url}/nothing`);
    expect([unknown.status, await unknown.json()]).toEqual([404, { detail: 'Not Found' }]);
    const get = await fetch(`${server.url}/invoke`);
    expect([get.status, get.headers.get('allow'), await get.json()]).toEqual([
      405,
      'POST',
      { detail: 'Method Not Allowed' },
    ]);
    const head = await fetch(`${origin}/health`, { method: 'DELETE' });
    expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('stands under the path it is given', async () => {
    const root = await serve({ path: '/' });
    expect((await root.post('invoke', { input: { ask: 'a' } })).status).toBe(200);
    const deep = await serve({ path: '/v1/support/' });
    expect(deep.server.url).toMatch(/\/v1\/support$/);
    expect((await deep.post('invoke', { input: { ask: 'a' } })).status).toBe(200);
  });
});

function aborted(signal: AbortSignal | undefined): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve(undefined);
    signal?.addEventListener('abort', resolve);
  });
}
