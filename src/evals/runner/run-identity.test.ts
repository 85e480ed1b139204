import { expect, it } from 'vitest';
import { EXPERIMENT_SCHEMA_VERSION, type ExperimentHead } from '../experiment.ts';
import { runIdentity } from './journal.ts';

const head: ExperimentHead = {
  schemaVersion: EXPERIMENT_SCHEMA_VERSION,
  runId: '0198c3f2-0000-7000-8000-000000000001',
  suite: 'support',
  dataset: 'golden.jsonl',
  datasetFingerprint: 'f1',
  target: 'graph:./agent.ts#graph',
  repeats: 1,
  timeoutMs: 1_000,
  evaluators: [],
  startedAt: '2026-01-31T12:00:00.000Z',
};

it('is the same for a run that is started again', () => {
  const again = { ...head, runId: 'another', startedAt: '2026-02-01T12:00:00.000Z' };
  expect(runIdentity(again)).toBe(runIdentity(head));
});

it.each<[string, Partial<ExperimentHead>]>([
  ['on cassettes', { cassettes: 'datasets/cassettes' }],
  ['with answers from the cache', { cached: true }],
  ['of another build', { commit: 'abc' }],
  ['of a shard', { shard: { index: 1, of: 2, examples: 10 } }],
])('tells a run %s apart, which must not be resumed as this one', (_what, change) => {
  expect(runIdentity({ ...head, ...change })).not.toBe(runIdentity(head));
});
