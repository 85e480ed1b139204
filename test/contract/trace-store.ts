import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_CANDIDATES, type TraceStore } from '../../src/store/index.ts';
import { anyTrace, makeSpan, makeTrace, runId } from '../support/traces.ts';

/**
 * What every trace store does. `open` gives a new, empty store; the suite closes it.
 */
export function traceStoreContract(name: string, open: () => Promise<TraceStore>): void {
  describe(`${name} as a trace store`, () => {
    let store: TraceStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const listedIds = async (query: Parameters<TraceStore['list']>[0] = {}) =>
      (await store.list(query)).map((summary) => summary.id);

    it('holds nothing at first', async () => {
      expect(await store.list({})).toEqual([]);
      expect(await store.find(runId(1))).toEqual({ kind: 'missing' });
    });

    it('gives back any trace as it was written', async () => {
      await fc.assert(
        fc.asyncProperty(anyTrace, async (trace) => {
          await store.write([trace]);
          expect(await store.find(trace.id)).toEqual({ kind: 'found', trace });
        }),
        { seed: 7, numRuns: 150 },
      );
    });

    it('lists a trace without its spans and with their number', async () => {
      const trace = makeTrace({
        id: runId(1),
        threadId: 't',
        error: { name: 'Error', message: 'no' },
        spans: [makeSpan({ id: runId(1) }), makeSpan({ id: runId(2), parentId: runId(1), type: 'node' })],
      });
      await store.write([trace]);
      const { spans, ...head } = trace;
      expect(await store.list({})).toEqual([{ ...head, spanCount: spans.length }]);
    });

    it('lists the newest first, and the higher id first where the start is the same', async () => {
      await store.write([
        makeTrace({ id: runId(1), startTimeMs: 5 }),
        makeTrace({ id: runId(3), startTimeMs: 5.25 }),
        makeTrace({ id: runId(2), startTimeMs: 5 }),
      ]);
      expect(await listedIds()).toEqual([runId(3), runId(2), runId(1)]);
    });

    it('lists 50 traces unless it is told how many', async () => {
      await store.write(Array.from({ length: 60 }, (_, n) => makeTrace({ id: runId(n), startTimeMs: n })));
      expect(await store.list({})).toHaveLength(50);
      expect(await listedIds({ limit: 2 })).toEqual([runId(59), runId(58)]);
      expect(await listedIds({ limit: 0 })).toEqual([]);
      expect(await store.list({ limit: 1_000 })).toHaveLength(60);
    });

    it('lists only what matches every field of the query', async () => {
      await store.write([
        makeTrace({ id: runId(1), startTimeMs: 1, outcome: 'error', name: 'a', threadId: 't1' }),
        makeTrace({ id: runId(2), startTimeMs: 2, outcome: 'error', name: 'b', threadId: 't1' }),
        makeTrace({ id: runId(3), startTimeMs: 3, outcome: 'success', name: 'a', threadId: 't2' }),
        makeTrace({ id: runId(4), startTimeMs: 4, outcome: 'handled_error', name: 'a' }),
      ]);
      expect(await listedIds({ outcome: 'error' })).toEqual([runId(2), runId(1)]);
      expect(await listedIds({ name: 'a' })).toEqual([runId(4), runId(3), runId(1)]);
      expect(await listedIds({ threadId: 't1' })).toEqual([runId(2), runId(1)]);
      expect(await listedIds({ sinceMs: 3 })).toEqual([runId(4), runId(3)]);
      expect(await listedIds({ outcome: 'error', name: 'a', threadId: 't1', sinceMs: 1, limit: 9 })).toEqual([
        runId(1),
      ]);
      expect(await listedIds({ outcome: 'error', sinceMs: 3 })).toEqual([]);
    });

    it('replaces a trace that is written again, spans included', async () => {
      const first = makeTrace({
        id: runId(1),
        spans: [makeSpan({ id: runId(1) }), makeSpan({ id: runId(2), parentId: runId(1) })],
      });
      const second = makeTrace({ id: runId(1), name: 'again', outcome: 'error' });
      await store.write([first]);
      await store.write([first, second]);
      expect(await store.list({})).toHaveLength(1);
      expect(await store.find(runId(1))).toEqual({ kind: 'found', trace: second });
      expect(await store.find(runId(2))).toEqual({ kind: 'missing' });
    });

    it('writes all traces or none', async () => {
      const unwritable = makeTrace({ id: runId(2), spans: [makeSpan({ id: runId(2), inputs: () => 0 })] });
      Object.defineProperty(unwritable.spans[0], 'outputs', {
        enumerable: true,
        get() {
          throw new TypeError('cannot be encoded');
        },
      });
      await expect(store.write([makeTrace({ id: runId(1) }), unwritable])).rejects.toThrow();
      expect(await store.list({})).toEqual([]);
    });

    it('finds a trace by the run id of any of its spans', async () => {
      const trace = makeTrace({
        id: runId(1),
        spans: [makeSpan({ id: runId(1) }), makeSpan({ id: 'span-of-a-tool', parentId: runId(1) })],
      });
      await store.write([trace, makeTrace({ id: runId(9) })]);
      expect(await store.find('span-of-a-tool')).toEqual({ kind: 'found', trace });
    });

    it('names the traces when a span is part of several', async () => {
      const spans = (id: string) => [makeSpan({ id }), makeSpan({ id: 'shared', parentId: id })];
      await store.write([
        makeTrace({ id: runId(1), startTimeMs: 1, spans: spans(runId(1)) }),
        makeTrace({ id: runId(2), startTimeMs: 2, spans: spans(runId(2)) }),
      ]);
      expect(await store.find('shared')).toEqual({ kind: 'ambiguous', ids: [runId(2), runId(1)] });
    });

    it('finds a trace by the beginning of its id, from four characters on', async () => {
      const trace = makeTrace({ id: 'abcdef00-0000-7000-8000-000000000001' });
      await store.write([trace, makeTrace({ id: 'abd00000-0000-7000-8000-000000000002' })]);
      expect(await store.find('abcd')).toEqual({ kind: 'found', trace });
      expect(await store.find('abc')).toEqual({ kind: 'missing' });
      expect(await store.find('abcx')).toEqual({ kind: 'missing' });
      expect(await store.find('')).toEqual({ kind: 'missing' });
    });

    it('takes no character of an id for a wildcard', async () => {
      await store.write([makeTrace({ id: runId(1) })]);
      expect(await store.find('0199%')).toEqual({ kind: 'missing' });
      expect(await store.find('0199_')).toEqual({ kind: 'missing' });
      expect(await store.find("0199' OR '1'='1")).toEqual({ kind: 'missing' });
    });

    it('names the newest candidates when a beginning fits several ids', async () => {
      await store.write(Array.from({ length: 12 }, (_, n) => makeTrace({ id: runId(n), startTimeMs: n })));
      const newest = Array.from({ length: MAX_CANDIDATES }, (_, n) => runId(11 - n));
      expect(await store.find('0199a000')).toEqual({ kind: 'ambiguous', ids: newest });
    });

    it('prefers the whole id to a beginning', async () => {
      const trace = makeTrace({ id: '0199' });
      await store.write([trace, makeTrace({ id: runId(1) })]);
      expect(await store.find('0199')).toEqual({ kind: 'found', trace });
    });

    it('is not changed through a trace that was written or read', async () => {
      const trace = makeTrace({ id: runId(1), spans: [makeSpan({ id: runId(1), metadata: { user: 'a' } })] });
      await store.write([trace]);
      trace.spans[0]!.metadata['user'] = 'b';
      const read = await store.find(runId(1));
      if (read.kind !== 'found') throw new Error('The trace is missing.');
      expect(read.trace.spans[0]?.metadata).toEqual({ user: 'a' });
      read.trace.spans[0]!.metadata['user'] = 'c';
      read.trace.name = 'changed';
      expect(await store.find(runId(1))).toMatchObject({
        trace: { name: 'support', spans: [{ metadata: { user: 'a' } }] },
      });
    });

    it('can be closed twice and refuses to work afterwards', async () => {
      await store.close();
      await store.close();
      await expect(store.list({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.find(runId(1))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.write([makeTrace({ id: runId(1) })])).rejects.toMatchObject({
        code: 'STORE_CLOSED',
      });
    });
  });
}
