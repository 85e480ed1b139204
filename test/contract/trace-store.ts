import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_CANDIDATES, type TraceStore } from '../../src/store/index.ts';
import { anyTrace } from '../support/any-trace.ts';
import { makeSpan, makeTrace, runId } from '../support/traces.ts';

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

    it('lists the traces of a project; one that names none is of the default project', async () => {
      await store.write([
        makeTrace({ id: runId(1), startTimeMs: 1 }),
        makeTrace({ id: runId(2), startTimeMs: 2, project: 'shop' }),
        makeTrace({ id: runId(3), startTimeMs: 3, project: 'default' }),
      ]);
      expect(await listedIds({ project: 'default' })).toEqual([runId(3), runId(1)]);
      expect(await listedIds({ project: 'shop' })).toEqual([runId(2)]);
      expect(await listedIds({ project: 'sho' })).toEqual([]);
      expect(await store.projects()).toEqual([{ project: 'default' }, { project: 'shop' }]);
    });

    it('knows the limit of a project, before its first trace and after its last', async () => {
      expect(await store.projects()).toEqual([]);
      await store.setMaxAge('shop', 5);
      await store.write([makeTrace({ id: runId(1), startTimeMs: 1, project: 'shop' })]);
      await store.prune({ beforeMs: 9 });
      expect(await store.projects()).toEqual([{ project: 'shop', maxAgeMs: 5 }]);
      await store.setMaxAge('shop', 0);
      expect(await store.projects()).toEqual([{ project: 'shop', maxAgeMs: 0 }]);
    });

    it('finds the run that was interrupted at a checkpoint, and none that was resumed there', async () => {
      await store.write([
        makeTrace({ id: runId(1), outcome: 'interrupted', checkpointId: 'c-1', threadId: 't' }),
        makeTrace({ id: runId(2), outcome: 'success', checkpointId: 'c-1', threadId: 't' }),
        makeTrace({ id: runId(3), outcome: 'interrupted', checkpointId: 'c-2', threadId: 't' }),
      ]);
      expect(await listedIds({ interruptedAt: 'c-1', threadId: 't' })).toEqual([runId(1)]);
      expect(await listedIds({ interruptedAt: 'c-1', threadId: 'u' })).toEqual([]);
    });

    it('prunes one project and leaves the others alone', async () => {
      await store.write([
        makeTrace({ id: runId(1), startTimeMs: 1 }),
        makeTrace({ id: runId(2), startTimeMs: 1, project: 'shop' }),
        makeTrace({ id: runId(3), startTimeMs: 9, project: 'shop' }),
      ]);
      expect(await store.prune({ beforeMs: 5, project: 'shop', isDryRun: true })).toMatchObject({
        removed: 1,
      });
      expect((await store.prune({ beforeMs: 5, project: 'shop' })).removed).toBe(1);
      expect(await listedIds()).toEqual([runId(3), runId(1)]);
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

    /** Every step of a prune, until the store says that nothing is left to do. */
    async function prune(beforeMs: number): Promise<number> {
      let removed = 0;
      for (let step = 0; step < 1_000; step += 1) {
        const result = await store.prune({ beforeMs });
        removed += result.removed;
        if (!result.hasMore) return removed;
      }
      throw new Error('It never said that it was done.');
    }

    it('removes what started before a moment, spans included, and nothing else', async () => {
      await store.write([
        makeTrace({
          id: runId(1),
          startTimeMs: 1,
          spans: [makeSpan({ id: runId(1) }), makeSpan({ id: 'old-span' })],
        }),
        makeTrace({ id: runId(2), startTimeMs: 9.5 }),
        makeTrace({ id: runId(3), startTimeMs: 10, endTimeMs: 11 }),
        makeTrace({ id: runId(4), startTimeMs: 11 }),
      ]);
      expect(await prune(10)).toBe(2);
      expect(await listedIds()).toEqual([runId(4), runId(3)]);
      expect(await store.find(runId(1))).toEqual({ kind: 'missing' });
      expect(await store.find('old-span')).toEqual({ kind: 'missing' });
      expect(await prune(10)).toBe(0);
    });

    it('counts in a dry run what it would remove, and removes nothing', async () => {
      await store.write(Array.from({ length: 600 }, (_, n) => makeTrace({ id: runId(n), startTimeMs: n })));
      await store.pin(runId(5), { reason: 'baseline', pinnedAtMs: 1 });
      expect(await store.prune({ beforeMs: 500, isDryRun: true })).toEqual({ removed: 499, hasMore: false });
      expect(await store.list({ limit: 1_000 })).toHaveLength(600);
      expect(await prune(500)).toBe(499);
    });

    it('removes whatever traces there are down to the pinned and the young ones', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(
            fc.record({
              n: fc.nat(50_000),
              startTimeMs: fc.nat(100),
              isPinned: fc.boolean(),
              spans: fc.integer({ min: 1, max: 90 }),
            }),
            { selector: ({ n }) => n, maxLength: 20 },
          ),
          fc.nat(100),
          async (planned, beforeMs) => {
            for (const { id } of await store.list({ limit: 100 })) await store.unpin(id);
            await prune(Number.MAX_SAFE_INTEGER);
            await store.write(
              planned.map(({ n, startTimeMs, spans }) =>
                makeTrace({
                  id: runId(n),
                  startTimeMs,
                  spans: Array.from({ length: spans }, (_, at) =>
                    makeSpan({ id: at === 0 ? runId(n) : `${n}-${at}` }),
                  ),
                }),
              ),
            );
            for (const { n, isPinned } of planned)
              if (isPinned) await store.pin(runId(n), { reason: 'kept', pinnedAtMs: 0 });
            const staying = planned.filter((each) => each.isPinned || each.startTimeMs >= beforeMs);
            expect(await prune(beforeMs)).toBe(planned.length - staying.length);
            expect((await listedIds()).sort()).toEqual(staying.map(({ n }) => runId(n)).sort());
          },
        ),
        { seed: 11, numRuns: 40 },
      );
    });

    it('keeps a pinned trace whatever its age, and shows why', async () => {
      const trace = makeTrace({ id: runId(1), startTimeMs: 1 });
      await store.write([trace, makeTrace({ id: runId(2), startTimeMs: 2 })]);
      const pin = { reason: 'in the golden dataset', pinnedAtMs: 77 };
      expect(await store.pin(runId(1), pin)).toBe(true);
      expect(await prune(100)).toBe(1);
      expect(await store.find(runId(1))).toEqual({ kind: 'found', trace, pin });
      const { spans, ...head } = trace;
      expect(await store.list({})).toEqual([{ ...head, spanCount: spans.length, pin }]);
    });

    it('takes the last pin of a trace, and lets go of it when it is unpinned', async () => {
      await store.write([makeTrace({ id: runId(1), startTimeMs: 1 })]);
      await store.pin(runId(1), { reason: 'first', pinnedAtMs: 1 });
      await store.pin(runId(1), { reason: 'second', pinnedAtMs: 2 });
      expect(await store.list({})).toMatchObject([{ pin: { reason: 'second', pinnedAtMs: 2 } }]);
      expect(await store.unpin(runId(1))).toBe(true);
      expect(await store.unpin(runId(1))).toBe(false);
      expect((await store.list({}))[0]).not.toHaveProperty('pin');
      expect(await prune(100)).toBe(1);
    });

    it('pins no trace that is not there', async () => {
      await store.write([makeTrace({ id: runId(1) })]);
      expect(await store.pin(runId(2), { reason: 'x', pinnedAtMs: 1 })).toBe(false);
      expect(await store.unpin(runId(2))).toBe(false);
      await store.write([makeTrace({ id: runId(2) })]);
      expect(await listedIds({ isPinned: true })).toEqual([]);
    });

    it('keeps the pin of a trace that is delivered again', async () => {
      await store.write([makeTrace({ id: runId(1), startTimeMs: 1 })]);
      await store.pin(runId(1), { reason: 'r', pinnedAtMs: 1 });
      await store.write([makeTrace({ id: runId(1), startTimeMs: 1, name: 'again' })]);
      expect(await prune(100)).toBe(0);
      expect(await store.list({})).toMatchObject([{ name: 'again', pin: { reason: 'r' } }]);
    });

    it('lists the pinned traces alone, or the others', async () => {
      await store.write(
        [1, 2, 3].map((n) => makeTrace({ id: runId(n), startTimeMs: n, name: n === 3 ? 'b' : 'a' })),
      );
      for (const n of [1, 3]) await store.pin(runId(n), { reason: 'r', pinnedAtMs: 1 });
      expect(await listedIds({ isPinned: true })).toEqual([runId(3), runId(1)]);
      expect(await listedIds({ isPinned: false })).toEqual([runId(2)]);
      expect(await listedIds({ isPinned: true, name: 'a' })).toEqual([runId(1)]);
    });

    it('can be closed twice and refuses to work afterwards', async () => {
      await store.close();
      await store.close();
      await expect(store.list({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.find(runId(1))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.prune({ beforeMs: 1 })).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.pin(runId(1), { reason: 'r', pinnedAtMs: 1 })).rejects.toMatchObject({
        code: 'STORE_CLOSED',
      });
      await expect(store.unpin(runId(1))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await expect(store.write([makeTrace({ id: runId(1) })])).rejects.toMatchObject({
        code: 'STORE_CLOSED',
      });
    });
  });
}
