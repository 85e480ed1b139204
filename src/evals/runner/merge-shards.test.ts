import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EXPERIMENT_SCHEMA_VERSION, type ExperimentHead, type ScoredCall } from '../experiment.ts';
import { mergeShards, type ShardRun } from './merge-shards.ts';

function shard(index: number, of: number, { examples = 10, repeats = 1, head = {} } = {}): ShardRun {
  const calls: ScoredCall[] = [];
  for (let position = index - 1; position < examples; position += of)
    for (let repeat = 0; repeat < repeats; repeat += 1)
      calls.push({
        exampleId: `e${position}`,
        contentHash: 'h',
        repeat,
        critical: false,
        status: 'answered',
        startTimeMs: 0,
        latencyMs: 1,
        attempts: 1,
        scores: {},
      });
  const own: ExperimentHead = {
    schemaVersion: EXPERIMENT_SCHEMA_VERSION,
    runId: `run-${index}`,
    suite: 'demo',
    dataset: 'd.jsonl',
    datasetFingerprint: 'fp',
    target: `fake:${index}`,
    repeats,
    timeoutMs: 1,
    evaluators: [],
    startedAt: `2026-01-01T00:00:0${index % 10}.000Z`,
    shard: { index, of, examples },
    ...head,
  };
  return { name: `shard-${index}`, head: own, finishedAt: `2026-01-01T00:01:0${index % 10}.000Z`, calls };
}

it('puts shards of any number and size, in any order, into the order of the dataset', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9 }),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 3 }),
      fc.infiniteStream(fc.nat()),
      (of, more, repeats, order) => {
        const examples = of + more;
        const runs = Array.from({ length: of }, (_, index) => shard(index + 1, of, { examples, repeats }))
          .map((run) => ({ run, rank: order.next().value }))
          .toSorted((a, b) => a.rank - b.rank)
          .map(({ run }) => run);
        const { calls, head } = mergeShards(runs, 'whole');
        expect(Array.from(calls, ({ exampleId, repeat }) => `${exampleId}/${repeat}`)).toEqual(
          Array.from(
            { length: examples * repeats },
            (_, at) => `e${Math.floor(at / repeats)}/${at % repeats}`,
          ),
        );
        expect(head).toMatchObject({ runId: 'whole', startedAt: '2026-01-01T00:00:01.000Z' });
        expect(head.shard).toBeUndefined();
      },
    ),
    { seed: 11 },
  );
});

it.each([
  ['commit', { commit: 'b' }],
  ['dataset', { datasetFingerprint: 'other' }],
  ['repeats', { repeats: 2 }],
  ['timeout', { timeoutMs: 2 }],
  ['suite', { suite: 'other' }],
  ['split', { split: 'smoke' }],
  ['number of shards', { shard: { index: 2, of: 3, examples: 10 } }],
])('refuses shards of another %s, naming it', (what, head) => {
  expect(() => mergeShards([shard(1, 2), shard(2, 2, { head })], 'w')).toThrow(
    expect.objectContaining({ code: 'SHARD_OTHER_RUN', message: expect.stringContaining(`another ${what}`) }),
  );
});

it('takes shards of another target, which a matrix has on another port', () => {
  expect(mergeShards([shard(1, 2), shard(2, 2)], 'w').calls).toHaveLength(10);
});

it('names every shard that is missing', () => {
  expect(() => mergeShards([shard(2, 4)], 'w')).toThrow(
    expect.objectContaining({
      code: 'SHARD_MISSING',
      exitCode: 3,
      message: expect.stringContaining('1/4, 3/4, 4/4'),
    }),
  );
});

it('refuses a shard without all its calls', () => {
  const cut = shard(2, 2);
  expect(() => mergeShards([shard(1, 2), { ...cut, calls: [...cut.calls].slice(1) }], 'w')).toThrow(
    expect.objectContaining({ code: 'SHARD_INCOMPLETE', exitCode: 3 }),
  );
});
