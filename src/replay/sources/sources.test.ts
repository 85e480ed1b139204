import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { beforeAll, describe, expect, it } from 'vitest';
import { type JsonReply, jsonServer, type SeenRequest } from '../../../test/support/json-server.ts';
import { patchedSupportAgent } from '../../../test/support/patched-support-agent.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { traceWith } from '../../../test/support/trace-with.ts';
import { makeSpan, makeTrace, runId } from '../../../test/support/traces.ts';
import { silentLogger, type Trace, toTraceIdHex } from '../../core/index.ts';
import { openTraceStore } from '../../store/index.ts';
import { toLangSmithRuns } from '../../tracing/exporters/langsmith/langsmith-run.ts';
import { toOtelSpans } from '../../tracing/exporters/otlp/index.ts';
import { otelSpanId } from '../../tracing/otel/index.ts';
import { diffTraces } from '../diff/index.ts';
import { openTraceSource, type SourceDeps } from './index.ts';

const signal = new AbortController().signal;
const KEY = 'lsv2-not-a-real-key';

function deps(env: SourceDeps['env'] = {}, cwd = '/nowhere'): SourceDeps & { readonly waitsMs: number[] } {
  const waitsMs: number[] = [];
  const clock = { now: () => 0, sleep: async (ms: number) => void waitsMs.push(ms) };
  return { env, cwd, clock, logger: silentLogger, waitsMs };
}

let ok: Trace;
let failed: Trace;
beforeAll(async () => {
  const { seededPatch } = await import('../../../test/support/patched-support-agent.ts');
  const record = async (graph: ReturnType<typeof patchedSupportAgent>) => {
    const traced = traceWith(graph);
    await traced.graph
      .invoke(
        { messages: [{ role: 'user', content: 'Where is A-1002?' }], customerId: 'C-101' },
        { configurable: { thread_id: 'thread-1' }, tags: ['beta'], metadata: { route: '/chat' } },
      )
      .catch(() => undefined);
    const [trace] = await traced.traces();
    return JSON.parse(JSON.stringify(trace)) as Trace;
  };
  ok = await record(patchedSupportAgent());
  failed = await record(seededPatch(16, () => 0.5).graph());
});

/** What a replay needs of a trace is the same in the one that was read back. */
function expectSame(read: Trace, recorded: Trace): void {
  expect(diffTraces(recorded, read).first?.summary).toBeUndefined();
  expect(read).toMatchObject({
    id: recorded.id,
    name: recorded.name,
    outcome: recorded.outcome,
    threadId: recorded.threadId,
    decision: recorded.decision,
    usage: recorded.usage,
  });
  expect(read.error && [read.error.name, read.error.message]).toEqual(
    recorded.error && [recorded.error.name, recorded.error.message],
  );
  expect(read.failingSpanId).toBe(recorded.failingSpanId);
  const shape = ({ spans }: Trace) =>
    spans
      .map(({ id, parentId, type, outcome, node, step, checkpointNs }) => [
        id,
        parentId,
        type,
        outcome,
        node,
        step,
        checkpointNs,
      ])
      .toSorted();
  expect(shape(read)).toEqual(shape(recorded));
}

function otlpDocument(trace: Trace, captureContent = true) {
  const spans = toOtelSpans(trace, { resource: resourceFromAttributes({}), captureContent });
  const bytes = JsonTraceSerializer.serializeRequest(spans as never);
  return JSON.parse(new TextDecoder().decode(bytes)) as {
    resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[];
  };
}

/** LangSmith as far as it is read: 0.16 with both generations of its API, or one of them. */
function langSmith(runs: readonly Record<string, unknown>[], generation: 'newer' | 'older' | 'both') {
  const PROJECT = '11111111-1111-4111-8111-111111111111';
  const older = runs.map((run) => ({
    ...run,
    session_id: PROJECT,
    start_time: String(run['start_time']).replace('Z', ''),
    end_time: String(run['end_time']).replace('Z', ''),
    status: run['error'] === undefined ? 'success' : 'error',
  }));
  const newer = runs.map((run) => {
    const { parent_run_id: parent, session_name: _name, ...rest } = run;
    return { ...rest, ...(parent === undefined ? {} : { parent_run_ids: [runs[0]?.['id'], parent] }) };
  });
  const page = (list: readonly unknown[], cursor: unknown) => {
    const from = Number(cursor ?? 0);
    return { list: list.slice(from, from + 5), next: from + 5 < list.length ? String(from + 5) : null };
  };
  return ({ url, body, headers, method }: SeenRequest): JsonReply | undefined => {
    if (headers['x-api-key'] !== KEY) return { status: 401, body: { detail: 'Invalid token' } };
    const { pathname: path, searchParams: query } = url;
    if (path === '/sessions') return { body: query.get('name') === 'shop' ? [{ id: PROJECT }] : [] };
    const [, prefix, id] = /^(\/api\/v2)?\/runs\/([0-9a-f-]{36})$/.exec(path) ?? [];
    if (generation !== 'older' && path.startsWith('/api/v2/')) {
      if (query.get('project_id') !== PROJECT) return { status: 422, body: { detail: 'project_id' } };
      const selects = query.getAll('selects').map((name) => name.toLowerCase());
      const pick = (run: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(run).filter(([key]) => key === 'id' || selects.includes(key)));
      if (id !== undefined) {
        const run = newer.find((each) => (each as Record<string, unknown>)['id'] === id);
        return run && { body: pick(run) };
      }
      const { list, next } = page(newer, query.get('cursor'));
      return { body: { items: list.map((run) => pick(run as Record<string, unknown>)), next_cursor: next } };
    }
    if (generation !== 'newer' && prefix === undefined && id !== undefined && method === 'GET') {
      const run = older.find((each) => (each as Record<string, unknown>)['id'] === id);
      return run && { body: run };
    }
    if (generation !== 'newer' && path === '/runs/query') {
      const { cursor, trace } = body as Record<string, unknown>;
      if (trace !== runs[0]?.['id']) return { body: { runs: [], cursors: { next: null } } };
      const { list, next } = page(older, cursor);
      return { body: { runs: list, cursors: { next } } };
    }
    return undefined;
  };
}

describe('LangSmith', () => {
  const asRuns = (trace: Trace) =>
    JSON.parse(JSON.stringify(toLangSmithRuns(trace, { project: 'shop' }))) as Record<string, unknown>[];

  it.each(['newer', 'older', 'both'] as const)(
    'reads a trace back through the %s API, in pages',
    async (generation) => {
      for (const trace of [ok, failed]) {
        await using server = await jsonServer(langSmith(asRuns(trace), generation));
        const env = { LANGSMITH_API_KEY: KEY, LANGSMITH_ENDPOINT: server.url };
        const source = await openTraceSource('langsmith:shop', '', deps(env));
        const found = await source.find(trace.id, { signal });
        expectSame(found.trace, trace);
        expect(found.trace.spans[0]).toMatchObject({ tags: ['beta'], metadata: { route: '/chat' } });
        expect(found.lacks).toEqual([]);
        const usesNewer = server.requests.some(({ url }) => url.pathname.startsWith('/api/v2/traces/'));
        expect(usesNewer).toBe(generation !== 'older');
      }
    },
  );

  it('finds the trace by the id of any run in it, and without a project by the older API', async () => {
    await using server = await jsonServer(langSmith(asRuns(ok), 'both'));
    const env = { LANGSMITH_API_KEY: KEY, LANGSMITH_ENDPOINT: server.url };
    const inner = ok.spans.at(-1)?.id ?? '';
    const source = await openTraceSource('langsmith:', '', deps(env));
    expect((await source.find(inner, { signal })).trace.id).toBe(ok.id);
    expect(server.requests.map(({ url }) => url.pathname)).toContain('/runs/query');
  });

  it('reads what LangChain’s own tracer has written: interrupts are no errors, hidden payloads are told', async () => {
    const [id, node, model] = [runId(1), runId(2), runId(3)];
    const time = { start_time: '2026-01-01T00:00:00.000123', end_time: '2026-01-01T00:00:01.5' };
    const runs = [
      {
        id,
        trace_id: id,
        name: 'LangGraph',
        run_type: 'chain',
        inputs: {},
        error: 'GraphInterrupt: [{"value":1}]',
        ...time,
      },
      {
        id: node,
        trace_id: id,
        parent_run_id: id,
        name: 'draft',
        run_type: 'chain',
        inputs: { a: 1 },
        outputs: { b: 1 },
        tags: ['graph:step:3'],
        extra: { metadata: { langgraph_node: 'draft', langgraph_step: 3 } },
        ...time,
      },
      {
        id: model,
        trace_id: id,
        parent_run_id: node,
        name: 'ChatOpenAI',
        run_type: 'llm',
        inputs: { messages: [[]] },
        outputs: {},
        prompt_tokens: 3,
        completion_tokens: 4,
        extra: { metadata: { ls_model_name: 'gpt-x' } },
        ...time,
      },
    ];
    await using server = await jsonServer(langSmith(runs, 'older'));
    const env = { LANGCHAIN_API_KEY: KEY, LANGCHAIN_ENDPOINT: server.url };
    const found = await (await openTraceSource('langsmith:shop', '', deps(env))).find(id, { signal });
    expect(found.trace).toMatchObject({ outcome: 'interrupted', usage: { totalTokens: 7 } });
    expect(found.trace.startTimeMs).toBeCloseTo(Date.UTC(2026, 0, 1) + 0.123, 3);
    expect(found.trace.spans.map(({ type, step, model: name }) => [type, step, name])).toEqual([
      ['graph', undefined, undefined],
      ['node', 3, undefined],
      ['llm', undefined, 'gpt-x'],
    ]);
    expect(found.lacks).toEqual([
      'The inputs of 1 of 3 spans were hidden when the run was recorded: LangGraph.',
      'The outputs of 1 of 3 spans were hidden when the run was recorded: ChatOpenAI.',
    ]);
  });

  it('says in one line what is wrong, and never the key', async () => {
    await using server = await jsonServer(langSmith([], 'both'));
    const problem = async (env: SourceDeps['env'], id = ok.id) =>
      await openTraceSource('langsmith:shop', '', deps(env))
        .then((source) => source.find(id, { signal }))
        .catch(
          (thrown: unknown) => thrown as { code: string; message: string; hint: string; exitCode: number },
        );
    const wrong = 'lsv2-another-key';
    const refused = await problem({ LANGSMITH_API_KEY: wrong, LANGSMITH_ENDPOINT: server.url });
    expect(refused).toMatchObject({
      code: 'SOURCE_REFUSED',
      exitCode: 3,
      message: expect.stringContaining('401'),
    });
    expect(JSON.stringify(refused) + String(refused)).not.toContain(wrong);
    const env = { LANGSMITH_API_KEY: KEY, LANGSMITH_ENDPOINT: server.url };
    expect(await problem(env)).toMatchObject({
      code: 'TRACE_NOT_FOUND',
      exitCode: 3,
      message: `No run ${ok.id} in project "shop" of LangSmith at ${server.url}.`,
    });
    expect(await problem(env, 'abc')).toMatchObject({ code: 'TRACE_ID_INVALID', exitCode: 2 });
    expect(await problem({})).toMatchObject({ code: 'LANGSMITH_SETTINGS_INVALID', exitCode: 2 });
  });

  it('does not follow a redirect, which could carry the key elsewhere', async () => {
    await using elsewhere = await jsonServer(() => ({ body: [] }));
    await using server = await jsonServer(() => ({ status: 302, headers: { location: elsewhere.url } }));
    const env = { LANGSMITH_API_KEY: KEY, LANGSMITH_ENDPOINT: server.url };
    const source = await openTraceSource('langsmith:shop', '', deps(env));
    await expect(source.find(ok.id, { signal })).rejects.toMatchObject({
      code: 'SOURCE_REFUSED',
      message: expect.stringContaining('302'),
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it('waits as it is told and tries again when the server is busy or fails', async () => {
    const answer = langSmith(asRuns(ok), 'older');
    const refusals = [{ status: 429, headers: { 'retry-after': '3' } }, { status: 503 }];
    await using server = await jsonServer((request) => refusals.shift() ?? answer(request));
    const own = deps({ LANGSMITH_API_KEY: KEY, LANGSMITH_ENDPOINT: server.url });
    const source = await openTraceSource('langsmith:shop', '', own);
    expect((await source.find(ok.id, { signal })).trace.id).toBe(ok.id);
    expect(own.waitsMs).toEqual([3_000, 500]);
  });
});

describe('backends of OpenTelemetry', () => {
  const base64 = (hex: unknown) => Buffer.from(String(hex), 'hex').toString('base64');
  const documents = {
    jaeger: (trace: Trace) => {
      const document = otlpDocument(trace);
      for (const span of document.resourceSpans[0]?.scopeSpans[0]?.spans ?? []) {
        span['traceId'] = base64(span['traceId']);
        span['spanId'] = base64(span['spanId']);
        if (span['parentSpanId'] !== undefined) span['parentSpanId'] = base64(span['parentSpanId']);
      }
      return { result: document };
    },
    tempo: (trace: Trace) => ({ trace: otlpDocument(trace), status: 'COMPLETE' }),
  };

  it.each([
    ['jaeger', '/api/v3/traces/'],
    ['tempo', '/api/v2/traces/'],
  ] as const)('reads a trace back from %s', async (backend, path) => {
    for (const trace of [ok, failed]) {
      await using server = await jsonServer(({ url, headers }) =>
        url.pathname === `${path}${toTraceIdHex(trace.id)}` && headers['x-scope-orgid'] === '7'
          ? { body: documents[backend](trace) }
          : undefined,
      );
      const env = { SLUICE_SOURCE_HEADERS: 'x-scope-orgid=7' };
      const source = await openTraceSource(`${backend}:${server.url}`, '', deps(env));
      for (const id of [trace.id, toTraceIdHex(trace.id)]) {
        const { trace: read, lacks } = await source.find(id, { signal });
        expectSame(read, trace);
        expect(lacks).toEqual([expect.stringContaining('neither the classes of models')]);
      }
    }
  });

  it('reads a trace back from a project of Phoenix, in pages', async () => {
    const spans = toOtelSpans(ok, { resource: {}, captureContent: true });
    const data = spans.map((span) => {
      const nested: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(span.attributes)) {
        const parts = key.split('.');
        let at = nested;
        for (const part of parts.slice(0, -1)) {
          at[part] ??= {};
          at = at[part] as Record<string, unknown>;
        }
        at[parts.at(-1) ?? ''] = value;
      }
      const iso = ([seconds, nanos]: readonly [number, number]) =>
        new Date(seconds * 1e3 + nanos / 1e6).toISOString();
      return {
        name: span.name,
        context: { trace_id: span.spanContext().traceId, span_id: span.spanContext().spanId },
        parent_id: span.parentSpanContext?.spanId ?? null,
        start_time: iso(span.startTime as [number, number]),
        end_time: iso(span.endTime as [number, number]),
        status_code: 'UNSET',
        attributes: nested,
        events: [],
      };
    });
    await using server = await jsonServer(({ url, headers }) => {
      if (url.pathname !== '/v1/projects/my%20shop/spans' || headers['authorization'] !== 'Bearer k')
        return undefined;
      const from = Number(url.searchParams.get('cursor') ?? 0);
      return {
        body: {
          data: data.slice(from, from + 7),
          next_cursor: from + 7 < data.length ? String(from + 7) : null,
        },
      };
    });
    const source = await openTraceSource(`phoenix:${server.url}#my shop`, '', deps({ PHOENIX_API_KEY: 'k' }));
    expectSame((await source.find(ok.id, { signal })).trace, ok);
    expect(server.requests.length).toBe(Math.ceil(data.length / 7));
  });

  it('tells that no content was captured, and that a backend has cut a payload', async () => {
    let document: unknown = otlpDocument(ok, false);
    await using server = await jsonServer(() => ({ body: { trace: document } }));
    const source = await openTraceSource(`tempo:${server.url}`, '', deps());
    expect((await source.find(ok.id, { signal })).lacks).toEqual([
      expect.stringContaining('No content was captured'),
    ]);
    const cut = otlpDocument(ok);
    for (const span of cut.resourceSpans[0]?.scopeSpans[0]?.spans ?? []) {
      for (const attribute of span['attributes'] as {
        key: string;
        value: { stringValue?: string | undefined };
      }[]) {
        if (attribute.key === 'sluicegate.inputs')
          attribute.value.stringValue = attribute.value.stringValue?.slice(0, 20);
      }
    }
    document = cut;
    const { lacks, trace } = await source.find(ok.id, { signal });
    expect(lacks[0]).toMatch(/^The inputs of \d+ of \d+ spans were cut when the run was recorded/);
    expect(trace.spans[0]?.gaps).toEqual([{ field: 'inputs', reason: 'truncated' }]);
  });

  it('refuses what is no trace of a graph, and what is no id or address', async () => {
    let document: unknown = {};
    await using server = await jsonServer(() => ({ body: document as object }));
    const source = await openTraceSource(`jaeger:${server.url}`, '', deps());
    await expect(source.find(ok.id, { signal })).rejects.toMatchObject({
      code: 'TRACE_NOT_FOUND',
      exitCode: 3,
    });
    const foreign = { traceId: toTraceIdHex(ok.id), spanId: otelSpanId(ok.id), name: 'GET /' };
    document = { result: { resourceSpans: [{ scopeSpans: [{ spans: [foreign] }] }] } };
    await expect(source.find(ok.id, { signal })).rejects.toMatchObject({
      code: 'TRACE_FOREIGN',
      exitCode: 3,
    });
    await expect(source.find('0199', { signal })).rejects.toMatchObject({
      code: 'TRACE_ID_INVALID',
      exitCode: 2,
    });
    for (const from of ['tempo:nowhere', 'tempo:http://user:secret@host', 'zipkin:http://host']) {
      const thrown = await openTraceSource(from, '', deps()).catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: 'SOURCE_INVALID', exitCode: 2 });
    }
    await expect(
      openTraceSource('tempo:http://host', '', deps({ SLUICE_SOURCE_HEADERS: 'secret' })),
    ).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
  });

  it('says that a server does not answer, after trying again', async () => {
    const server = await jsonServer(() => undefined);
    await server[Symbol.asyncDispose]();
    const own = deps();
    const source = await openTraceSource(`tempo:${server.url}`, '', own);
    await expect(source.find(ok.id, { signal })).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: expect.stringContaining(`Tempo at ${server.url} did not answer`),
    });
    expect(own.waitsMs).toEqual([250, 500, 1_000]);
  });
});

describe('files and the embedded store', () => {
  it('finds a run by its id, by that of a span or by the beginning, and lists', async () => {
    await using dir = await tempDir();
    const file = join(dir.path, 'traces.jsonl');
    await writeFile(file, `${JSON.stringify(ok)}\n\n${JSON.stringify(failed)}\n`);
    const path = join(dir.path, 'traces.db');
    const store = await openTraceStore({ path });
    await store.write([ok, failed]);
    await store.close();
    for (const from of ['traces.jsonl', 'file:traces.jsonl', undefined]) {
      const source = await openTraceSource(from, path, deps({}, dir.path));
      for (const id of [failed.id, failed.spans.at(-1)?.id ?? '']) {
        expect((await source.find(id, { signal })).trace).toEqual(failed);
      }
      expect(await source.list?.({ outcome: 'error' }, { signal })).toEqual([failed.id]);
      expect(await source.list?.({ sinceMs: failed.endTimeMs + 1 }, { signal })).toEqual([]);
      await expect(source.find('beef-nowhere', { signal })).rejects.toMatchObject({
        code: 'TRACE_NOT_FOUND',
        exitCode: 3,
      });
    }
  });

  it('names the line of a file that is no trace', async () => {
    await using dir = await tempDir();
    const file = join(dir.path, 'traces.jsonl');
    const source = await openTraceSource('traces.jsonl', '', deps({}, dir.path));
    await expect(source.find(ok.id, { signal })).rejects.toMatchObject({
      code: 'TRACE_FILE_MISSING',
      exitCode: 2,
    });
    await writeFile(file, `${JSON.stringify(makeTrace({ id: 'other' }))}\n{"id":`);
    await expect(source.find(ok.id, { signal })).rejects.toMatchObject({
      code: 'TRACE_FILE_INVALID',
      message: expect.stringContaining('traces.jsonl:2: no JSON'),
    });
    const trace = makeTrace({ id: 'x', spans: [makeSpan({ id: 'x', type: 'planet' as never })] });
    await writeFile(file, JSON.stringify(trace));
    await expect(source.find('x', { signal })).rejects.toMatchObject({
      message: expect.stringContaining('traces.jsonl:1: spans.0.type'),
    });
  });

  it('says before a run which payloads the record lacks', async () => {
    await using dir = await tempDir();
    const gap = (field: 'inputs' | 'outputs', reason: 'hidden' | 'truncated') => ({ field, reason });
    const trace = makeTrace({
      id: 'trace-1',
      spans: [
        makeSpan({ id: 'trace-1', gaps: [gap('inputs', 'hidden')] }),
        makeSpan({
          id: 'b',
          parentId: 'trace-1',
          name: 'ask',
          node: 'draft',
          gaps: [gap('outputs', 'truncated')],
        }),
      ],
    });
    await writeFile(join(dir.path, 'traces.jsonl'), JSON.stringify(trace));
    const source = await openTraceSource('traces.jsonl', '', deps({}, dir.path));
    expect((await source.find('trace-1', { signal })).lacks).toEqual([
      'The inputs of 1 of 2 spans were hidden when the run was recorded: support.',
      'The outputs of 1 of 2 spans were cut when the run was recorded: draft/ask.',
    ]);
  });
});
