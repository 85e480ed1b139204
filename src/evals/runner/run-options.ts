import type { Clock, Random } from '../../core/index.ts';
import type { ExampleSource } from '../datasets/index.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Example } from '../example.ts';
import type { Experiment, ExperimentHead, ScoredCall } from '../experiment.ts';
import type { Target } from '../targets/index.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { ModelPrices } from './answer-usage.ts';
import type { BudgetLimits } from './budget.ts';
import type { RunLock } from './run-lock.ts';

/** How far a run is. */
export interface RunProgress {
  /** Calls that are finished and journaled, those of an earlier session included. */
  readonly done: number;
  /** Calls of the rounds so far: examples times repeats, and the examples once more for each extra round. */
  readonly total: number;
  /** Calls that an earlier session of this run had finished. */
  readonly resumed: number;
  /** Of `done`. */
  readonly agentFailed: number;
  /** Of `done`. */
  readonly notMeasured: number;
  /** Of `done`: answers out of the cache. */
  readonly cached: number;
  /** The extra round under way; absent in the first round. */
  readonly extraRound?: { readonly number: number; readonly why: string };
  /** The call that has just finished; absent in the first report of a round, made before any of its calls starts. */
  readonly call?: ScoredCall;
}

/** Whether to run every example once more, and why. */
export interface RoundWish {
  readonly again: boolean;
  /** For people, a few words. */
  readonly reason: string;
  /** Whether the run fails already, whatever an evaluator that could score nothing would have said. Default: false. */
  readonly fails?: boolean;
}

/** Options of `runExperiment`. */
export interface RunExperimentOptions {
  /** What is run. `repeats` and `timeoutMs` are taken from here. */
  readonly head: ExperimentHead;
  /** The selected examples, in dataset order. At least one, with unique ids. */
  readonly examples: readonly Example[] | ExampleSource;
  readonly target: Target;
  readonly evaluators: readonly Evaluator[];
  /** Folder of the run, made when missing. `journal.jsonl` in it is continued when it is there. */
  readonly runFolder: string;
  /** The lock of that folder, for a caller who has more to do in it. Default: taken, and given back at the end. */
  readonly lock?: RunLock;
  /** Calls under way at once. Default 4. */
  readonly concurrency?: number;
  /** How often one call is tried again while the target is unavailable. Default 3. */
  readonly maxRetries?: number;
  /** Field of the examples' metadata whose value is kept with each call as its `cluster`. Default: none. */
  readonly clusterField?: string | undefined;
  /**
   * Asked after the first round and after each extra one whether every example is to be run once more, with all calls so
   * far. Must be a function of these alone: a resumed run asks again and has to come to the rounds that are in its journal.
   * Default: never again.
   */
  readonly nextRound?:
    | ((soFar: Experiment & { readonly rounds: { readonly extra: number } }) => RoundWish)
    | undefined;
  /** What the run may take. Default: no limits. */
  readonly budget?: BudgetLimits | undefined;
  /** What the models of the agent cost, for a budget of money. Default: none is known. */
  readonly prices?: ModelPrices | undefined;
  /** Answers of earlier runs. Default: every call is made. */
  readonly cache?: AnswerCache | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Stops the run: calls under way are aborted and not journaled. */
  readonly signal: AbortSignal;
  /** Told once before the first call of a round and after each finished one, when its line is in the journal. */
  readonly onProgress?: (progress: RunProgress) => void;
}
