import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Score, ScoredCall } from '../experiment.ts';
import { CallColumns } from './index.ts';

const score: fc.Arbitrary<Score> = fc.oneof(
  fc.record({ status: fc.constant('scored' as const), score: fc.double({ noNaN: true }) }),
  fc.record({
    status: fc.constant('scored' as const),
    score: fc.double({ noNaN: true }),
    comment: fc.string(),
  }),
  fc.constant({ status: 'not_applicable' as const }),
  fc.record({ status: fc.constant('not_measured' as const), reason: fc.string() }),
);
const call: fc.Arbitrary<ScoredCall> = fc
  .record(
    {
      exampleId: fc.string(),
      contentHash: fc.string(),
      repeat: fc.nat(),
      critical: fc.boolean(),
      cluster: fc.string(),
      status: fc.constantFrom('answered', 'agent_failed', 'not_measured'),
      error: fc.string(),
      runId: fc.string(),
      startTimeMs: fc.double({ noNaN: true }),
      latencyMs: fc.double({ noNaN: true, min: 0 }),
      attempts: fc.integer({ min: 1 }),
      usage: fc.record({ inputTokens: fc.nat(), outputTokens: fc.nat() }),
      cached: fc.constant(true as const),
      scores: fc.array(fc.tuple(fc.oneof(fc.string(), fc.constant('__proto__')), score)),
    },
    {
      requiredKeys: [
        'exampleId',
        'contentHash',
        'repeat',
        'critical',
        'status',
        'startTimeMs',
        'latencyMs',
        'attempts',
        'scores',
      ],
    },
  )
  .map((made) => ({ ...made, scores: Object.fromEntries(made.scores) }) as ScoredCall);

it('gives back every call as it was written, in any order of writing', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 200 }), fc.infiniteStream(fc.nat()), (calls, ranks) => {
      const columns = new CallColumns();
      const order = calls
        .map((_, row) => ({ row, rank: ranks.next().value }))
        .sort((a, b) => a.rank - b.rank);
      for (const { row } of order) columns.write(row, calls[row]!, calls[row]!);
      expect([...columns]).toEqual(calls);
      expect(columns.at(-1)).toEqual(calls.at(-1));
      expect(columns.at(calls.length)).toBeUndefined();
    }),
  );
});

it('keeps the scores of an evaluator that makes up a key for each example', () => {
  const columns = new CallColumns();
  const calls = Array.from(
    { length: 300 },
    (_, index): ScoredCall => ({
      exampleId: `e${index}`,
      contentHash: 'h',
      repeat: 0,
      critical: false,
      status: 'answered',
      startTimeMs: 1,
      latencyMs: 2,
      attempts: 1,
      scores: {
        [`key-${index}`]: { status: 'scored', score: index },
        quality: { status: 'scored', score: 1 },
      },
    }),
  );
  for (const each of calls) columns.push(each);
  expect([...columns]).toEqual(calls);
});

it('has no call in a row that was not written', () => {
  const columns = new CallColumns();
  const [only] = fc.sample(call, 1);
  columns.write(2, only!, only!);
  expect([columns.length, columns.statusAt(0), columns.at(1), [...columns].length]).toEqual([
    3,
    undefined,
    undefined,
    1,
  ]);
});
