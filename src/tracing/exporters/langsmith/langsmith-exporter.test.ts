import { inspect } from 'node:util';
import { Client } from 'langsmith';
import { describe, expect, it } from 'vitest';
import { LangSmithServer, type ServerBehaviour } from '../../../../test/support/langsmith-server.ts';
import { makeSpan, makeTrace, runId } from '../../../../test/support/traces.ts';
import type { Trace } from '../../../core/index.ts';
import { LangSmithExporter, type LangSmithExporterDeps } from './langsmith-exporter.ts';
import type { LangSmithSettings } from './settings.ts';

const API_KEY = 'lsv2_pt_canary';

async function setup(
  behaviour: Partial<ServerBehaviour> = {},
  deps: LangSmithExporterDeps = {},
  settings: Partial<LangSmithSettings> = {},
) {
  const server = await LangSmithServer.start(behaviour);
  const exporter = new LangSmithExporter(
    { apiKey: API_KEY, endpoint: server.url, project: 'shop', ...settings },
    deps,
  );
  return {
    server,
    exporter,
    ids: () => server.runs.map(({ id }) => id),
    async [Symbol.asyncDispose]() {
      await exporter.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Traces of two spans each; `bytes` is the size of the root's input. */
function traces(count: number, bytes = 10): Trace[] {
  return Array.from({ length: count }, (_, index) => {
    const id = runId(index * 2);
    return makeTrace({
      id,
      spans: [
        makeSpan({ id, inputs: { text: 'x'.repeat(bytes) } }),
        makeSpan({ id: runId(index * 2 + 1), parentId: id, name: 'node', type: 'node' }),
      ],
    });
  });
}

const idsOf = (batch: readonly Trace[]) => batch.flatMap(({ spans }) => spans.map(({ id }) => id));
const zstd = { instance_flags: { zstd_compression_enabled: true, gzip_body_enabled: true } };
const gzip = { instance_flags: { gzip_body_enabled: true } };

describe('LangSmithExporter', () => {
  it('sends each run as one finished post, with the key and the workspace', async () => {
    await using context = await setup({ apiKey: API_KEY }, {}, { workspaceId: 'ws-1' });
    const { server, exporter, ids } = context;
    const batch = traces(3);
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect(ids()).toEqual(idsOf(batch));
    expect(server.complaints).toEqual([]);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /info',
      'POST /runs/multipart',
    ]);
    expect(server.ingests[0]?.headers).toMatchObject({ 'x-api-key': API_KEY, 'x-tenant-id': 'ws-1' });
    expect(server.ingests[0]?.patches).toEqual([]);
    expect(server.runs[0]).toMatchObject({ session_name: 'shop', end_time: '1970-01-01T00:00:02.000000Z' });
  });

  it.each([
    ['zstd', zstd],
    ['gzip', gzip],
    [undefined, {}],
    [undefined, { instance_flags: { zstd_compression_enabled: 'yes' }, batch_ingest_config: null }],
  ])('compresses as the server says: %s', async (encoding, info) => {
    await using context = await setup({ info });
    const { server, exporter, ids } = context;
    const batch = traces(2, 10_000);
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect(ids()).toEqual(idsOf(batch));
    const [request] = server.ingests;
    expect(request?.headers['content-encoding']).toBe(encoding);
    if (encoding === undefined) expect(request?.wireBytes).toBe(request?.bodyBytes);
    else expect(request!.wireBytes).toBeLessThan(request!.bodyBytes / 5);
  });

  it('sends uncompressed to a server that takes back what it advertised', async () => {
    await using context = await setup({ info: zstd, refusals: [{ status: 415 }] });
    const { server, exporter, ids } = context;
    const batch = traces(1);
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect(ids()).toEqual(idsOf(batch));
    expect(server.ingests.map(({ headers }) => headers['content-encoding'])).toEqual(['zstd', undefined]);
  });

  it('keeps to the limits of runs and bytes in one request', async () => {
    const info = { batch_ingest_config: { size_limit: 3, size_limit_bytes: 20_000 } };
    await using context = await setup({ info, maxBytes: 20_000 });
    const { server, exporter, ids } = context;
    const batch = [...traces(4), ...traces(8, 9_000).slice(4)];
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect(ids()).toEqual(idsOf(batch));
    expect(server.ingests.length).toBeGreaterThan(4);
    expect(Math.max(...server.ingests.map(({ posts }) => posts.length))).toBe(3);
  });

  it('cuts a run that is bigger than a request may be, and says so', async () => {
    const info = { batch_ingest_config: { size_limit_bytes: 30_000 } };
    await using context = await setup({ info, maxBytes: 30_000 });
    const { server, exporter } = context;
    expect(await exporter.export(traces(1, 200_000))).toEqual({ kind: 'success' });
    expect(server.runs).toHaveLength(2);
    const [root] = server.runs;
    expect(JSON.stringify(root).length).toBeGreaterThan(10_000);
    expect(root?.['inputs']).toMatchObject({
      text: expect.stringMatching(/^x+… \[\d+ characters left out\]$/),
    });
    expect(root).toMatchObject({ extra: { metadata: { sluice_truncated: ['inputs'] } } });
  });

  it('finds the limit of a server that takes less than it says', async () => {
    await using context = await setup({ maxBytes: 100_000 });
    const { server, exporter, ids } = context;
    const batch = [...traces(1, 300_000), ...traces(4, 40_000).slice(1)];
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect([...ids()].sort()).toEqual(idsOf(batch).sort());
    expect(
      Math.max(...server.ingests.filter(({ posts }) => posts.length > 0).map(({ bodyBytes }) => bodyBytes)),
    ).toBeLessThan(100_000);
  });

  it('falls back to JSON batches where there is no multipart endpoint, and asks only once', async () => {
    await using context = await setup({ multipart: false, info: undefined });
    const { server, exporter, ids } = context;
    const batch = traces(4);
    expect(await exporter.export(batch.slice(0, 2))).toEqual({ kind: 'success' });
    expect(await exporter.export(batch.slice(2))).toEqual({ kind: 'success' });
    expect(ids()).toEqual(idsOf(batch));
    expect(server.runs[0]).toMatchObject({
      inputs: { text: 'xxxxxxxxxx' },
      extra: { runtime: { sdk: 'sluicegate' } },
    });
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/info',
      '/runs/multipart',
      '/runs/batch',
      '/runs/batch',
    ]);
  });

  it('can be given the same traces again: every run is there once', async () => {
    await using context = await setup();
    const { server, exporter, ids } = context;
    const batch = traces(5);
    expect(await exporter.export(batch.slice(0, 3))).toEqual({ kind: 'success' });
    const restarted = new LangSmithExporter({ apiKey: API_KEY, endpoint: server.url, project: 'shop' });
    // The first three are known to the server, the others are not.
    expect(await restarted.export(batch)).toEqual({ kind: 'success' });
    expect(ids().sort()).toEqual(idsOf(batch).sort());
  });

  it('sends only the rest of a batch that was delivered in part', async () => {
    const info = { batch_ingest_config: { size_limit: 2 } };
    await using context = await setup({ info });
    const { server, exporter, ids } = context;
    const batch = traces(3);
    await exporter.export(batch.slice(0, 1));
    // Of the batch, the first request is taken (it holds what the server has) and the second is not.
    server.behaviour.refusals.push({ status: 202 }, { status: 503, headers: { 'retry-after': '7' } });
    expect(await exporter.export(batch)).toMatchObject({ kind: 'retryable', retryAfterMs: 7_000 });
    const before = server.ingests.length;
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect(server.ingests.slice(before).map(({ posts }) => posts.length)).toEqual([2, 2]);
    expect(ids()).toEqual(idsOf(batch));
  });

  it.each([
    [{ status: 429, headers: { 'retry-after': '3' } }, 'retryable', 3_000],
    [{ status: 503 }, 'retryable', undefined],
    [{ status: 500, body: '<html>' }, 'retryable', undefined],
    [{ status: 400 }, 'refused', undefined],
    [{ status: 422 }, 'refused', undefined],
    [{ status: 401 }, 'retryable', undefined],
    [{ status: 403 }, 'retryable', undefined],
    [{ status: 308, headers: { location: 'http://127.0.0.1:9/' } }, 'retryable', undefined],
    ['reset', 'retryable', undefined],
    ['hang', 'retryable', undefined],
  ] as const)('answers %o with %s', async (refusal, kind, retryAfterMs) => {
    await using context = await setup({ refusals: [refusal] }, { requestTimeoutMs: 100 });
    const { exporter, ids } = context;
    const batch = traces(1);
    const result = await exporter.export(batch);
    expect(result).toEqual({
      kind,
      error: expect.any(Error),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect(ids()).toEqual(idsOf(batch));
  });

  it('does not carry the key along a redirect', async () => {
    await using elsewhere = await LangSmithServer.start();
    const location = `${elsewhere.url}/runs/multipart`;
    await using context = await setup({ refusals: [{ status: 307, headers: { location } }] });
    expect(await context.exporter.export(traces(1))).toMatchObject({
      kind: 'retryable',
      error: { message: expect.stringContaining('redirect') },
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it('delivers after the server was not there at all', async () => {
    await using context = await setup();
    const { server, exporter, ids } = context;
    await server.stop();
    const batch = traces(2);
    const result = await exporter.export(batch);
    expect(result).toMatchObject({
      kind: 'retryable',
      error: { message: expect.stringContaining('ECONNREFUSED') },
    });
    await server.listen();
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect(ids()).toEqual(idsOf(batch));
  });

  it('finds its endpoint again after one that was missing for a while', async () => {
    await using context = await setup({ refusals: [{ status: 404 }, { status: 404 }] });
    const { server, exporter } = context;
    const batch = traces(1);
    expect(await exporter.export(batch)).toMatchObject({
      kind: 'retryable',
      error: { message: expect.stringContaining('LANGSMITH_ENDPOINT') },
    });
    expect(await exporter.export(batch)).toEqual({ kind: 'success' });
    expect(server.ingests.at(-1)?.path).toBe('/runs/multipart');
  });

  it('gives a request up when the process ends', async () => {
    await using context = await setup({ refusals: ['hang'] });
    const { server, exporter } = context;
    const ending = new AbortController();
    const result = exporter.export(traces(1), { signal: ending.signal });
    while (server.ingests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    ending.abort();
    expect(await result).toMatchObject({ kind: 'retryable' });
  });

  it('refuses a trace that has no place in time, without throwing', async () => {
    await using context = await setup();
    const { exporter } = context;
    const [trace] = traces(1);
    const broken = { ...trace!, spans: [makeSpan({ id: trace!.id, startTimeMs: 1e17 })] };
    expect(await exporter.export([broken])).toMatchObject({ kind: 'refused' });
  });

  it('says neither the key nor what the server repeats of the payload', async () => {
    await using context = await setup({
      refusals: [
        { status: 401, body: JSON.stringify({ detail: 'Invalid token' }) },
        { status: 422, body: JSON.stringify({ detail: [{ msg: 'bad', input: 'private words' }] }) },
        'reset',
      ],
    });
    const { exporter } = context;
    const said: string[] = [inspect(exporter, { depth: 9, showHidden: true }), JSON.stringify(exporter)];
    for (let n = 0; n < 3; n += 1) said.push(inspect(await exporter.export(traces(1)), { depth: 9 }));
    expect(said[2]).toContain('LangSmith answered 401; Invalid token; check LANGSMITH_API_KEY');
    expect(said[3]).toContain('LangSmith answered 422');
    for (const text of said) expect(text).not.toMatch(/canary|private words/);
  });

  it('keeps run ids, so that feedback by run id finds its run', async () => {
    await using context = await setup();
    const { server, exporter, ids } = context;
    const batch = traces(1);
    await exporter.export(batch);
    const client = new Client({ apiUrl: server.url, apiKey: API_KEY });
    await client.createFeedback(batch[0]!.id, 'thumbs', { score: 0, sessionId: runId(99) });
    expect(server.feedback).toMatchObject([{ key: 'thumbs', score: 0 }]);
    expect(ids()).toContain(server.feedback[0]?.['run_id']);
  });
});
