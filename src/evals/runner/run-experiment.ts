import { setMaxListeners } from 'node:events';
import { type Clock, NoVerdictError, type Random, UsageError } from '../../core/index.ts';
import { contentHash } from '../datasets/index.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Example } from '../example.ts';
import type { Call, Experiment, ExperimentHead, ScoredCall } from '../experiment.ts';
import type { Target } from '../targets/index.ts';
import { type CallTask, callExample, rescoreCall } from './call-example.ts';
import { callKey, type Journal, openJournal } from './journal.ts';
import { acquireRunLock, type RunLock } from './run-lock.ts';
import { TargetHealth } from './target-health.ts';

/** How far a run is. */
export interface RunProgress {
  /** Calls that are finished and journaled, those of an earlier session included. */
  readonly done: number;
  /** Examples times repeats. */
  readonly total: number;
  /** Calls that an earlier session of this run had finished. */
  readonly resumed: number;
  /** Of `done`. */
  readonly agentFailed: number;
  /** Of `done`. */
  readonly notMeasured: number;
  /** The call that has just finished; absent in the first report, made before any call starts. */
  readonly call?: ScoredCall;
}

/** Options of {@link runExperiment}. */
export interface RunExperimentOptions {
  /** What is run. `repeats` and `timeoutMs` are taken from here. */
  readonly head: ExperimentHead;
  /** The selected examples, in dataset order. At least one, with unique ids. */
  readonly examples: readonly Example[];
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
  readonly clock: Clock;
  readonly random: Random;
  /** Stops the run: calls under way are aborted and not journaled. */
  readonly signal: AbortSignal;
  /** Told once before the first call and after each finished one, when its line is in the journal. */
  readonly onProgress?: (progress: RunProgress) => void;
}

const DEFAULT_CONCURRENCY = 4;
const DEFAULT_MAX_RETRIES = 3;

/**
 * Calls the target for every example and repeat and scores the answers. Every finished call is in the journal before it is
 * reported, so that a run that was killed goes on where it stopped when it is started again in the same folder; calls that
 * could not be measured are then made again, and answers that an evaluator could not score are scored again without a
 * call. The experiment's head is the journal's.
 *
 * @throws UsageError `EVALUATOR_DUPLICATE` for two evaluators of one key, `RUN_LOCKED`, `JOURNAL_DAMAGED` or
 * `JOURNAL_MISMATCH` for a folder that cannot be continued; NoVerdictError `NO_EXAMPLES` without examples,
 * `TARGET_UNREACHABLE` when the target answers nothing, `TARGET_LOST` when it no longer does, `TARGET_MISCONFIGURED` when
 * something else answers, `EVALUATOR_FAILED` when a gated evaluator could score no answer, `JOURNAL_UNWRITABLE` when the
 * disk refuses; the signal's reason when it is aborted.
 */
export async function runExperiment(options: RunExperimentOptions): Promise<Experiment> {
  if (options.examples.length === 0) {
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
      const calls = await new Session(options, journal).run();
      return { head: journal.head, finishedAt: new Date(options.clock.now()).toISOString(), calls };
    } finally {
      journal.close();
    }
  } finally {
    if (options.lock === undefined) await lock.release();
  }
}

/** One sitting of a run: from opening the journal until every call is there or something stops it. */
class Session {
  readonly #options: RunExperimentOptions;
  readonly #journal: Journal;
  readonly #tasks: readonly CallTask[];
  /** In dataset order; undefined while a call is outstanding. */
  readonly #calls: (ScoredCall | undefined)[];
  readonly #stop = new AbortController();
  readonly #resumed: number;
  readonly #concurrency: number;
  readonly #health: TargetHealth;
  #next = 0;
  #counts = { done: 0, agentFailed: 0, notMeasured: 0 };

  constructor(options: RunExperimentOptions, journal: Journal) {
    this.#options = options;
    this.#journal = journal;
    this.#concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    this.#health = new TargetHealth(this.#concurrency);
    this.#tasks = options.examples.flatMap((example) => {
      const hash = contentHash(example);
      return Array.from({ length: options.head.repeats }, (_, repeat) => ({
        example,
        contentHash: hash,
        repeat,
      }));
    });
    this.#calls = this.#tasks.map((task) => {
      const key = keyOf(task);
      const earlier = journal.earlier.get(key);
      return earlier?.status === 'not_measured' || journal.unscored.has(key) ? undefined : earlier;
    });
    for (const call of this.#calls) if (call !== undefined) this.#count(call);
    this.#resumed = this.#counts.done;
    // One listener for each call under way is no leak.
    setMaxListeners(0, this.#stop.signal);
  }

  async run(): Promise<readonly ScoredCall[]> {
    const { signal, target } = this.#options;
    const onAbort = () => this.#stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.#report();
      if (this.#mustCall()) await target.check?.({ signal: this.#stop.signal });
      const workers = Array.from({ length: this.#concurrency }, () => this.#work());
      await Promise.allSettled(workers);
      this.#stop.signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    const calls = this.#calls.filter((call) => call !== undefined);
    if (calls.every((call) => call.status === 'not_measured')) throw this.#unreachable(calls.at(-1)?.error);
    refuseUnscored(calls, this.#options.evaluators);
    return calls;
  }

  /** Whether there is a call to make: answers that are only scored again need no target. */
  #mustCall(): boolean {
    return this.#tasks.some(
      (task, index) => this.#calls[index] === undefined && !this.#journal.unscored.has(keyOf(task)),
    );
  }

  /** Takes one task after the other until there are none. What stops one worker stops all. */
  async #work(): Promise<void> {
    const { head, maxRetries = DEFAULT_MAX_RETRIES } = this.#options;
    const { signal } = this.#stop;
    const settings = { ...this.#options, timeoutMs: head.timeoutMs, maxRetries, signal };
    try {
      while (!signal.aborted) {
        const index = this.#nextOutstanding();
        const task = this.#tasks[index];
        if (task === undefined) return;
        const kept = this.#journal.unscored.get(keyOf(task));
        const call =
          kept === undefined
            ? await callExample(task, settings)
            : await rescoreCall(kept, task.example, settings);
        // An answer that comes while the run is being stopped is made again by the next session.
        signal.throwIfAborted();
        this.#finish(index, call);
      }
    } catch (thrown) {
      this.#stop.abort(thrown);
    }
  }

  #nextOutstanding(): number {
    while (this.#calls[this.#next] !== undefined) this.#next += 1;
    this.#next += 1;
    return this.#next - 1;
  }

  #finish(index: number, call: Call): void {
    this.#journal.append(call);
    const { outputs: _outputs, ...scored } = call;
    this.#calls[index] = scored;
    this.#count(scored);
    this.#report(scored);
    const health = this.#health.note(call.status);
    if (health === 'unreachable') throw this.#unreachable(call.error);
    if (health === 'lost') throw this.#lost(call.error);
  }

  #count(call: ScoredCall): void {
    this.#counts.done += 1;
    if (call.status === 'agent_failed') this.#counts.agentFailed += 1;
    if (call.status === 'not_measured') this.#counts.notMeasured += 1;
  }

  #report(call?: ScoredCall): void {
    this.#options.onProgress?.({
      ...this.#counts,
      total: this.#tasks.length,
      resumed: this.#resumed,
      ...(call === undefined ? {} : { call }),
    });
  }

  #unreachable(error: string | undefined): NoVerdictError {
    return new NoVerdictError(
      'TARGET_UNREACHABLE',
      `${this.#options.target.spec} answered none of its first ${this.#health.unanswered} calls: ${sentence(error)}`,
      { hint: 'Start the agent, for example: sluice serve ./agent.ts#graph' },
    );
  }

  #lost(error: string | undefined): NoVerdictError {
    const { done, notMeasured } = this.#counts;
    return new NoVerdictError(
      'TARGET_LOST',
      `${this.#options.target.spec} stopped answering after ${done - notMeasured} of ${this.#tasks.length} calls of run ${this.#options.head.runId}: ${this.#health.unanswered} in a row got no answer, the last: ${sentence(error)}`,
      { hint: 'Start the agent again and run the same command: it resumes, and what was answered is kept.' },
    );
  }
}

function keyOf({ example, contentHash, repeat }: CallTask): string {
  return callKey({ exampleId: example.id, contentHash, repeat });
}

function sentence(reason: string | undefined): string {
  return `${(reason ?? 'no reason given').replace(/\.$/, '')}.`;
}

/** A gated evaluator that scored no answer at all says nothing about the agent, and its error is one for all. */
function refuseUnscored(calls: readonly ScoredCall[], evaluators: readonly Evaluator[]): void {
  const answered = calls.filter(({ status }) => status === 'answered');
  const failed = evaluators.flatMap(({ key, gate }) => {
    if (!gate) return [];
    const reasons = answered.flatMap(({ scores }) => {
      const score = scores[key];
      return score?.status === 'not_measured' ? [score.reason] : [];
    });
    const [first] = reasons;
    return first === undefined || reasons.length < answered.length ? [] : [`${key}: ${sentence(first)}`];
  });
  if (failed.length === 0) return;
  throw new NoVerdictError(
    'EVALUATOR_FAILED',
    `${failed.length === 1 ? 'An evaluator' : `${failed.length} evaluators`} scored none of ${answered.length} answers. ${failed.join(' ')}`,
    { hint: 'Mend the cause and run the same command: the answers are kept and only scored again.' },
  );
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
