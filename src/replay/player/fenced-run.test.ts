import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { Pool, request as undiciRequest } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { record, tempHome } from '../../../test/support/recorded-run.ts';
import { traceWith } from '../../../test/support/trace-with.ts';
import { rootSpan, type Span, systemClock, type Trace } from '../../core/index.ts';
import type { ReplayableGraph } from '../contract.ts';
import { currentFence } from '../fence/index.ts';
import { recordingOf } from '../recording/index.ts';
import { openPlayer, type PlayRecordedOptions, playRecorded } from './index.ts';

let server: http.Server;
let origin: string;
let port: number;
let requests = 0;

beforeAll(async () => {
  server = http.createServer((_request, response) => {
    requests += 1;
    response.end('real');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as net.AddressInfo).port;
  origin = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

async function play(graph: ReplayableGraph, trace: Trace, options: Partial<PlayRecordedOptions> = {}) {
  return await playRecorded(graph, {
    recording: recordingOf(trace),
    input: rootSpan(trace).inputs,
    configurable: {},
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    clock: systemClock(),
    ...options,
  });
}

const outcomeOf = (work: () => Promise<unknown>) =>
  work().then(
    () => 'went through',
    () => 'blocked',
  );

/** Everything that a tool can try. */
async function tryAll(file: string): Promise<string[]> {
  const pool = new Pool(origin);
  const tried = [
    await outcomeOf(() => fetch(origin)),
    await outcomeOf(() => new Promise((resolve, reject) => http.get(origin, resolve).on('error', reject))),
    await outcomeOf(() => undiciRequest(origin)),
    await outcomeOf(() => pool.request({ path: '/', method: 'GET' })),
    await outcomeOf(() => once(net.connect(port, '127.0.0.1'), 'connect')),
    await outcomeOf(() => writeFile(file, 'written')),
  ];
  await pool.destroy();
  return tried;
}

function agent(file: string, tools: 'as recorded' | 'with one more') {
  const sneaky = (name: string) =>
    tool(async () => (await tryAll(file)).join(), { name, description: 'x', schema: z.object({}) });
  return new StateGraph(State)
    .addNode('work', async () => {
      const log = [String(await sneaky('known').invoke({}))];
      return { log: tools === 'as recorded' ? log : [...log, String(await sneaky('unknown').invoke({}))] };
    })
    .addNode('node', async () => ({ log: [(await tryAll(file)).join()] }))
    .addEdge(START, 'work')
    .addEdge('work', 'node')
    .compile() as unknown as ReplayableGraph;
}

const BLOCKED = 'blocked,blocked,blocked,blocked,blocked,went through';
const LISTED = ['fetch', 'http', 'fetch', 'fetch', 'socket'];

describe('a recorded replay', () => {
  it('blocks and lists each network call of nodes, and of tools that are allowed; files are written', async () => {
    const file = join(await tempHome(), 'note.txt');
    const trace = await record(agent(file, 'as recorded'), { log: [] });
    expect(rootSpan(trace).outputs).toMatchObject({
      log: [expect.not.stringContaining('blocked'), expect.any(String)],
    });
    const before = requests;
    const played = await play(agent(file, 'with one more'), trace, { allowTools: ['unknown'] });
    expect(requests).toBe(before);
    const { log } = rootSpan(played.trace).outputs as { log: string[] };
    // The recorded tool answers as recorded and does nothing.
    expect(log.slice(1)).toEqual([BLOCKED, BLOCKED]);
    expect(played.blocked.map(({ kind, what, node }) => [kind, what, node])).toEqual([
      ...LISTED.map((kind) => [kind, `127.0.0.1:${port}`, 'work']),
      ...LISTED.map((kind) => [kind, `127.0.0.1:${port}`, 'node']),
    ]);
    expect(played.blocked.every(({ at }) => at?.includes('fenced-run.test.ts'))).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('written');
  });

  it('lets through what is allowed by name, and live tools', async () => {
    const file = join(await tempHome(), 'note.txt');
    const trace = await record(agent(file, 'as recorded'), { log: [] });
    const allowed = await play(agent(file, 'with one more'), trace, {
      allowTools: ['unknown'],
      allowHosts: [`127.0.0.1:${port}`],
    });
    expect(allowed.blocked).toEqual([]);
    const live = await play(agent(file, 'with one more'), trace, { tools: 'live' });
    expect(live.blocked.map(({ node }) => node)).toEqual(LISTED.map(() => 'node'));
  });
});

describe('what the tracer delivers', () => {
  it('goes out, also when a replay is what it was recorded of', async () => {
    const graph = new StateGraph(State)
      .addNode('node', () => ({ log: [String(currentFence() !== undefined)] }))
      .addEdge(START, 'node')
      .compile() as unknown as ReplayableGraph;
    const player = openPlayer(recordingOf(await record(graph, { log: [] })), { clock: systemClock() });
    const traced = traceWith(graph);
    const fences: unknown[] = [];
    const deliver = traced.exporter.export.bind(traced.exporter);
    traced.exporter.export = async (traces) => {
      fences.push(currentFence());
      return await deliver(traces);
    };
    await player.run(async () => {
      await traced.graph.invoke({ log: [] });
      await traced.traces();
    });
    const [trace] = await traced.traces();
    expect(trace && rootSpan(trace).outputs).toEqual({ log: ['true'] });
    expect(fences).toEqual([undefined]);
  });
});

describe('a call of a model’s API without LangChain', () => {
  /** As langsmith's wrapper records it. */
  function withApiCall(trace: Trace, body: unknown, answer: unknown): Trace {
    const node = trace.spans.find(({ name }) => name === 'ask') as Span;
    return {
      ...trace,
      spans: [
        ...trace.spans,
        {
          ...node,
          id: 'api',
          parentId: node.id,
          name: 'ChatOpenAI',
          type: 'llm',
          inputs: body,
          outputs: answer,
        },
      ],
    };
  }

  const body = { model: 'gpt-4.1', messages: [{ role: 'user', content: 'hello' }] };
  const answer = {
    id: 'chatcmpl-1',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi there' } }],
  };

  function asking(extra: object, url = `${origin}/v1/chat/completions`) {
    return new StateGraph(State)
      .addNode('ask', async () => {
        const response = await fetch(url, { method: 'POST', body: JSON.stringify({ ...body, ...extra }) });
        return { log: [await response.text()] };
      })
      .addEdge(START, 'ask')
      .compile() as unknown as ReplayableGraph;
  }

  it('gets the recorded answer, whole or as a stream', async () => {
    const trace = withApiCall(await record(asking({}), { log: [new HumanMessage('x').text] }), body, answer);
    const before = requests;
    const whole = await play(asking({}), trace);
    expect(JSON.parse((rootSpan(whole.trace).outputs as { log: string[] }).log.at(-1) ?? '')).toEqual(answer);
    expect(whole.calls).toMatchObject([
      { kind: 'model', node: 'ask', match: 'exact', recordedSpanId: 'api' },
    ]);
    const streamed = await play(asking({ stream: true }), trace);
    const events = (rootSpan(streamed.trace).outputs as { log: string[] }).log.at(-1);
    expect(events).toContain('"delta":{"role":"assistant","content":"hi there"}');
    expect(events).toMatch(/data: \[DONE\]\n\n$/);
    expect(requests).toBe(before);
    expect([...whole.blocked, ...streamed.blocked]).toEqual([]);
  });

  it('is blocked and listed when it was not recorded', async () => {
    const trace = await record(asking({}), { log: [] });
    const before = requests;
    const played = await play(asking({}), trace);
    expect(played.trace.outcome).toBe('error');
    expect(played.blocked).toMatchObject([{ kind: 'fetch', what: `127.0.0.1:${port}`, node: 'ask' }]);
    expect(requests).toBe(before);
  });
});
