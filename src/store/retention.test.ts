import { describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { makeTrace, runId } from '../../test/support/traces.ts';
import type { Clock } from '../core/index.ts';
import { MemoryTraceStore, type PruneQuery, type PruneResult, pruneAll, Retention } from './index.ts';

const HOUR = 3_600_000;

/** A clock that stands still but for sleeps, which it passes at once. */
function fakeClock(startMs = 0) {
  const pauses: number[] = [];
  const clock = {
    nowMs: startMs,
    now: () => clock.nowMs,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      pauses.push(ms);
      clock.nowMs += ms;
    },
  };
  return { clock: clock as Clock & { nowMs: number }, pauses };
}

/** A store whose prunes are answered from a list, and noted. */
function scripted(...answers: (PruneResult | Error)[]) {
  const queries: PruneQuery[] = [];
  return {
    queries,
    projects: async () => [{ project: 'p' }],
    prune: async (query: PruneQuery) => {
      queries.push(query);
      const answer = answers.shift() ?? { removed: 0, hasMore: false };
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

const more = (removed: number): PruneResult => ({ removed, hasMore: true });
const last = (removed: number): PruneResult => ({ removed, hasMore: false });

describe('pruneAll', () => {
  it('goes on until nothing is left, with a rest between the steps', async () => {
    const { clock, pauses } = fakeClock();
    const store = scripted(more(20), more(20), last(3));
    expect(await pruneAll(store, { beforeMs: 9, clock, pauseMs: 40 })).toBe(43);
    expect(store.queries).toEqual([{ beforeMs: 9 }, { beforeMs: 9 }, { beforeMs: 9 }]);
    expect(pauses).toEqual([40, 40]);
  });

  it('stops between two steps when it is told to, and says how far it came', async () => {
    const { clock } = fakeClock();
    const stop = new AbortController();
    const store = scripted(more(20), more(20), last(3));
    const stopping: Clock = {
      ...clock,
      sleep: (ms, signal) => {
        stop.abort();
        return clock.sleep(ms, signal);
      },
    };
    expect(await pruneAll(store, { beforeMs: 9, clock: stopping, signal: stop.signal })).toBe(20);
    expect(store.queries).toHaveLength(1);
  });
});

describe('Retention', () => {
  function setup(nowMs = 100 * HOUR) {
    const { clock } = fakeClock(nowMs);
    const warnings: string[] = [];
    const removed: number[] = [];
    const retention = new Retention({
      maxAgeMs: 24 * HOUR,
      clock,
      logger: { warn: (text) => void warnings.push(text), error: (text) => void warnings.push(text) },
      onRemoved: (count) => void removed.push(count),
    });
    return { clock, warnings, removed, retention };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('removes what is older than the age and leaves the rest', async () => {
    const { retention, removed } = setup();
    const store = new MemoryTraceStore();
    await store.write([
      makeTrace({ id: runId(1), startTimeMs: 76 * HOUR - 1 }),
      makeTrace({ id: runId(2), startTimeMs: 76 * HOUR }),
    ]);
    retention.poke(store);
    await retention.stop();
    expect((await store.list({})).map(({ id }) => id)).toEqual([runId(2)]);
    expect(removed).toEqual([1]);
  });

  it('goes by the limit of each project, and by its own where there is none', async () => {
    const { retention } = setup();
    const store = new MemoryTraceStore();
    const aged = (id: number, project: string | undefined, hours: number) =>
      makeTrace({ id: runId(id), startTimeMs: (100 - hours) * HOUR, ...(project && { project }) });
    await store.write([
      aged(1, undefined, 23),
      aged(2, undefined, 25),
      aged(3, 'baseline', 49),
      aged(4, 'baseline', 51),
      aged(5, 'forever', 99),
      aged(6, 'brief', 2),
    ]);
    await store.setMaxAge('baseline', 50 * HOUR);
    await store.setMaxAge('forever', 0);
    await store.setMaxAge('brief', HOUR);
    retention.poke(store);
    await eventually(async () => expect(await store.list({})).toHaveLength(3));
    expect((await store.list({})).map(({ id }) => id).sort()).toEqual([runId(1), runId(3), runId(5)]);
  });

  it('begins at most once an hour, and not while it is at work', async () => {
    const { retention, clock } = setup();
    const store = scripted(more(1), last(1));
    retention.poke(store);
    clock.nowMs += 2 * HOUR;
    retention.poke(store);
    await settled();
    expect(store.queries).toHaveLength(2);
    clock.nowMs = 100 * HOUR + HOUR - 1;
    retention.poke(store);
    await settled();
    expect(store.queries).toHaveLength(2);
    clock.nowMs = 101 * HOUR;
    retention.poke(store);
    await settled();
    expect(store.queries.at(-1)).toEqual({ beforeMs: 77 * HOUR, project: 'p' });
    expect(store.queries).toHaveLength(3);
  });

  it('reports a failure, rejects nowhere and tries again after an hour', async () => {
    const { retention, clock, warnings, removed } = setup();
    const store = scripted(more(5), new Error('disk is full'), last(2));
    retention.poke(store);
    await settled();
    expect(warnings).toEqual(['Old traces cannot be removed: disk is full']);
    clock.nowMs += HOUR;
    retention.poke(store);
    await settled();
    expect(removed).toEqual([5, 2]);
    expect(warnings).toHaveLength(1);
  });

  it('ends after the step under way when it is stopped, and begins nothing afterwards', async () => {
    const { retention, clock } = setup();
    const store = scripted(more(1), more(1), last(1));
    retention.poke(store);
    await retention.stop();
    expect(store.queries).toHaveLength(1);
    clock.nowMs += 2 * HOUR;
    retention.poke(store);
    await retention.stop();
    expect(store.queries).toHaveLength(1);
  });
});
