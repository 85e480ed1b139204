import { NoVerdictError, UsageError } from '../../core/index.ts';
import { type ExampleSource, inMemory } from '../datasets/index.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Example } from '../example.ts';
import type { Experiment } from '../experiment.ts';
import { openJournal } from './journal.ts';
import { acquireRunLock } from './run-lock.ts';
import type { RunExperimentOptions } from './run-options.ts';
import { Session } from './session.ts';

/**
 * Calls the target for every example and repeat and scores the answers, then runs all examples once more for as long as
 * `nextRound` wants it and the budget allows. Every finished call is in the journal before it is reported, so that a run
 * that was killed, also in an extra round, goes on where it stopped when it is started again in the same folder; calls
 * that could not be measured are then made again, and answers that an evaluator could not score are scored again without a
 * call. The experiment's head is the journal's. Its calls are of whole rounds alone.
 *
 * @throws UsageError `EVALUATOR_DUPLICATE` for two evaluators of one key, `RUN_LOCKED`, `JOURNAL_DAMAGED` or
 * `JOURNAL_MISMATCH` for a folder that cannot be continued; NoVerdictError `NO_EXAMPLES` without examples,
 * `TARGET_UNREACHABLE` when the target answers nothing, `TARGET_LOST` when it no longer does, `TARGET_MISCONFIGURED` when
 * something else answers, `EVALUATOR_FAILED` when a gated evaluator could score no answer, `BUDGET_SPENT` when the first
 * round does not fit into the budget, `USAGE_UNREPORTED` or `PRICE_UNKNOWN` when a budget cannot be kept,
 * `JOURNAL_UNWRITABLE` when the disk refuses; the signal's reason when it is aborted.
 */
export async function runExperiment(options: RunExperimentOptions): Promise<Experiment> {
  const examples = isSource(options.examples) ? options.examples : inMemory(options.examples);
  if (examples.size === 0) {
    throw new NoVerdictError('NO_EXAMPLES', 'There are no examples to run.', {
      hint: 'Check the dataset and --split.',
    });
  }
  refuseDuplicateKeys(options.evaluators);
  options.signal.throwIfAborted();
  const lock = options.lock ?? (await acquireRunLock(options.runFolder));
  try {
    const journal = await openJournal(options.runFolder, options.head);
    try {
      const { calls, rounds } = await new Session({ ...options, examples }, journal).run();
      return { head: journal.head, finishedAt: new Date(options.clock.now()).toISOString(), calls, rounds };
    } finally {
      journal.close();
    }
  } finally {
    if (options.lock === undefined) await lock.release();
  }
}

function isSource(examples: readonly Example[] | ExampleSource): examples is ExampleSource {
  return !Array.isArray(examples);
}

function refuseDuplicateKeys(evaluators: readonly Evaluator[]): void {
  const keys = new Set<string>();
  for (const { key } of evaluators) {
    if (keys.has(key)) {
      throw new UsageError('EVALUATOR_DUPLICATE', `Two evaluators have the key ${JSON.stringify(key)}.`, {
        hint: 'Give one of them another: { key: "...", evaluate: theFunction }.',
      });
    }
    keys.add(key);
  }
}
