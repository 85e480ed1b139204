import { NoVerdictError, type Sequence, stableStringify, UsageError } from '../../core/index.ts';
import type { Experiment, ExperimentHead, ScoredCall, Shard } from '../experiment.ts';

/** The finished run of one shard. */
export interface ShardRun {
  /** What errors call it: its folder. */
  readonly name: string;
  readonly head: ExperimentHead;
  readonly finishedAt: string;
  readonly calls: Sequence<ScoredCall>;
}

interface Part extends ShardRun {
  readonly shard: Shard;
}

/**
 * Puts the shards of one run together, in dataset order. `runId` is that of the whole. Pure.
 *
 * @throws UsageError `MERGE_EMPTY` for no runs, `SHARD_NOT_ONE` for a run that is no shard, `SHARD_TWICE` for two runs of one
 * shard, `SHARD_OTHER_RUN` where two are of another suite, dataset, commit, evaluators or settings, naming the field;
 * NoVerdictError `SHARD_MISSING` naming the shards that are not there, `SHARD_INCOMPLETE` for one without all its calls.
 */
export function mergeShards(runs: readonly ShardRun[], runId: string): Experiment {
  const parts = runs.map(partOf).sort((a, b) => a.shard.index - b.shard.index);
  const [first] = parts;
  if (first === undefined)
    throw new UsageError('MERGE_EMPTY', 'There are no shards to merge.', {
      hint: 'Name their run folders, or the folder they are below: --from artifacts',
    });
  for (const part of parts) refuseOther(first, part);
  refuseTwice(parts);
  const { of } = first.shard;
  const there = new Set(parts.map(({ shard }) => shard.index));
  const missing = Array.from({ length: of }, (_, index) => index + 1).filter((index) => !there.has(index));
  if (missing.length > 0)
    throw new NoVerdictError(
      'SHARD_MISSING',
      `${missing.length === 1 ? 'Shard' : 'Shards'} ${missing.map((index) => `${index}/${of}`).join(', ')} of ${first.head.suite} ${missing.length === 1 ? 'is' : 'are'} missing: there is no verdict on a part.`,
      { hint: `Run again: sluice eval ${first.head.suite} --shard ${missing[0]}/${of}` },
    );
  const examples = parts.map(callsByExample);
  const calls: ScoredCall[] = [];
  for (let position = 0; position < first.shard.examples; position += 1)
    calls.push(...(examples[position % of]?.[Math.floor(position / of)] ?? []));
  const { shard: _shard, ...head } = first.head;
  return {
    head: { ...head, runId, startedAt: earliest(parts.map((part) => part.head.startedAt)) },
    finishedAt: latest(parts.map((part) => part.finishedAt)),
    calls,
  };
}

function partOf(run: ShardRun): Part {
  const { shard } = run.head;
  if (shard !== undefined) return { ...run, shard };
  throw new UsageError('SHARD_NOT_ONE', `${run.name} is not the run of a shard.`, {
    hint: 'Runs are cut into shards with: sluice eval --shard 1/4',
  });
}

/** What must be the same in all shards, by the name that people know it by. */
const SHARED: Readonly<Record<string, (head: ExperimentHead) => unknown>> = {
  suite: ({ suite }) => suite,
  'number of shards': ({ shard }) => shard?.of,
  dataset: ({ datasetFingerprint, shard }) => [datasetFingerprint, shard?.examples],
  split: ({ split }) => split ?? null,
  commit: ({ commit }) => commit ?? null,
  repeats: ({ repeats }) => repeats,
  timeout: ({ timeoutMs }) => timeoutMs,
  evaluators: ({ evaluators }) => evaluators,
  cache: ({ cached }) => cached ?? null,
};

/** The target is not among them: jobs of a matrix each start the agent on a port of their own. */
function refuseOther(first: Part, part: Part): void {
  for (const [what, of] of Object.entries(SHARED)) {
    if (stableStringify(of(first.head)) === stableStringify(of(part.head))) continue;
    throw new UsageError(
      'SHARD_OTHER_RUN',
      `${first.name} and ${part.name} are not of one run: another ${what}.`,
      {
        hint: 'Merge the shards of one matrix, which ran the same commit with the same settings.',
      },
    );
  }
}

function refuseTwice(parts: readonly Part[]): void {
  const byIndex = new Map<number, Part>();
  for (const part of parts) {
    const { index, of } = part.shard;
    const other = byIndex.get(index);
    if (other !== undefined)
      throw new UsageError('SHARD_TWICE', `${other.name} and ${part.name} are both shard ${index}/${of}.`, {
        hint: 'Leave one out: keeping the better of two runs would hide a regression.',
      });
    byIndex.set(index, part);
  }
}

/** The calls of each example of a shard, in its order. */
function callsByExample({ shard, head, calls, name }: Part): readonly (readonly ScoredCall[])[] {
  const byExample = new Map<string, ScoredCall[]>();
  for (const call of calls) {
    const known = byExample.get(call.exampleId);
    if (known === undefined) byExample.set(call.exampleId, [call]);
    else known.push(call);
  }
  const expected = Math.floor((shard.examples - shard.index) / shard.of) + 1;
  const examples = [...byExample.values()];
  if (examples.length === expected && examples.every((own) => own.length === head.repeats)) return examples;
  throw new NoVerdictError(
    'SHARD_INCOMPLETE',
    `${name} has ${calls.length} calls of ${byExample.size} examples, not ${head.repeats} of each of ${expected}.`,
    { hint: `Run it again: sluice eval ${head.suite} --shard ${shard.index}/${shard.of}` },
  );
}

function earliest(times: readonly string[]): string {
  return times.reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a));
}

function latest(times: readonly string[]): string {
  return times.reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a));
}
