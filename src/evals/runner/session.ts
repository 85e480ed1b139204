import { setMaxListeners } from 'node:events';
import { NoVerdictError } from '../../core/index.ts';
import type { ExampleSource } from '../datasets/index.ts';
import type { Call, ExtraRounds, ScoredCall } from '../experiment.ts';
import { mentionsQuota } from '../targets/index.ts';
import { Budget } from './budget.ts';
import { type CallTask, callExample, rescoreCall } from './call-example.ts';
import { callKey, type Journal } from './journal.ts';
import { extraRound, firstRound, type Round } from './round.ts';
import type { RunExperimentOptions, RunProgress } from './run-options.ts';
import { callSlimmer } from './slim-call.ts';
import { TargetHealth } from './target-health.ts';
import { refuseUnscored, sentence } from './unscored.ts';

const DEFAULT_CONCURRENCY = 4;
const DEFAULT_MAX_RETRIES = 3;

/** The options of a run, its examples by position. */
export interface SessionOptions extends RunExperimentOptions {
  readonly examples: ExampleSource;
}

/** One round while it is run. `calls` has undefined where one is outstanding. */
interface RoundWork {
  readonly round: Round;
  readonly calls: (ScoredCall | undefined)[];
  next: number;
}

/** One sitting of a run: from opening the journal until every round is there or something stops it. */
export class Session {
  readonly #options: SessionOptions;
  readonly #journal: Journal;
  readonly #concurrency: number;
  readonly #health: TargetHealth;
  readonly #budget: Budget;
  readonly #startedMs: number;
  readonly #stop = new AbortController();
  readonly #rounds: RoundWork[] = [];
  readonly #slim = callSlimmer();
  #counts = { done: 0, agentFailed: 0, notMeasured: 0, cached: 0, resumed: 0, total: 0 };
  #extraRound: RunProgress['extraRound'];
  #isChecked = false;

  constructor(options: SessionOptions, journal: Journal) {
    this.#options = options;
    this.#journal = journal;
    this.#concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    this.#health = new TargetHealth(this.#concurrency);
    this.#budget = new Budget(options.budget);
    this.#startedMs = options.clock.now();
    // One listener for each call under way is no leak.
    setMaxListeners(0, this.#stop.signal);
  }

  /** The calls of all whole rounds, in dataset order. */
  async run(): Promise<{ readonly calls: readonly ScoredCall[]; readonly rounds: ExtraRounds }> {
    const { signal } = this.#options;
    const onAbort = () => this.#stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const endTimer = this.#startTimer();
    try {
      return await this.#runRounds();
    } finally {
      signal.removeEventListener('abort', onAbort);
      endTimer();
    }
  }

  async #runRounds() {
    const { examples, head, nextRound } = this.#options;
    const first = await this.#runRound(firstRound(examples.size, head.repeats));
    if (first === 'budget') throw this.#budgetSpent();
    for (;;) {
      const calls = this.#pooled();
      const extra = this.#rounds.length - 1;
      const soFar = { head: this.#journal.head, finishedAt: this.#now(), calls };
      const wish = nextRound?.({ ...soFar, rounds: { extra, budgetSpent: false } });
      // A fail is one whatever an evaluator that broke would have said.
      if (extra === 0 && wish?.fails !== true) refuseUnscored(calls, this.#options.evaluators);
      if (wish?.again !== true) return { calls, rounds: { extra, budgetSpent: false } };
      this.#extraRound = { number: extra + 1, why: wish.reason };
      const ended = await this.#runRound(extraRound(examples.size, head.repeats, extra + 1));
      if (ended === 'budget') return { calls, rounds: { extra, budgetSpent: true } };
    }
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }

  /** Runs a round to its end, or until the budget cuts it, which then is not pooled. */
  async #runRound(round: Round): Promise<'whole' | 'budget'> {
    const work = this.#open(round);
    const outstanding = work.calls.filter((call) => call === undefined).length;
    if (outstanding > 0 && !this.#hasRoomFor(round, outstanding)) return 'budget';
    this.#report();
    if (!this.#isChecked && this.#mustCall(work)) {
      try {
        await this.#options.target.check?.({ signal: this.#stop.signal });
      } catch (thrown) {
        // The time was over before the target had answered: that is no word on the target.
        if (this.#stop.signal.reason === TIME_IS_OVER) return 'budget';
        throw thrown;
      }
      this.#isChecked = true;
    }
    const workers = Math.min(this.#concurrency, Math.max(1, outstanding));
    await Promise.allSettled(Array.from({ length: workers }, () => this.#work(work)));
    if (this.#stop.signal.reason === TIME_IS_OVER) return 'budget';
    this.#stop.signal.throwIfAborted();
    if (work.calls.includes(undefined)) return 'budget';
    this.#rounds.push(work);
    const calls = work.calls.filter((call) => call !== undefined);
    if (round.number === 0) {
      if (calls.every((call) => call.status === 'not_measured'))
        throw this.#unreachable(calls.at(-1)?.error, calls.length);
      this.#budget.refuseUnreported();
    }
    return 'whole';
  }

  /** Finds in the journal what an earlier session finished of a round. */
  #open(round: Round): RoundWork {
    const calls: (ScoredCall | undefined)[] = [];
    for (let place = 0; place < round.size; place += 1) {
      const key = this.#keyAt(round, place);
      const earlier = this.#journal.earlier.get(key);
      const isOpen = earlier?.status === 'not_measured' || this.#journal.unscored.has(key);
      const call = earlier === undefined || isOpen ? undefined : this.#slimmed(round, place, earlier);
      calls.push(call);
      if (call !== undefined) {
        this.#count(call);
        this.#counts.resumed += 1;
      }
    }
    this.#counts.total += round.size;
    return { round, calls, next: 0 };
  }

  #slimmed(round: Round, place: number, call: Call | ScoredCall): ScoredCall {
    const { examples } = this.#options;
    const index = round.exampleOf(place);
    return this.#slim(call, {
      exampleId: examples.idAt(index),
      contentHash: examples.contentHashAt(index),
    });
  }

  #keyAt(round: Round, place: number): string {
    const { examples } = this.#options;
    const index = round.exampleOf(place);
    return callKey({
      exampleId: examples.idAt(index),
      contentHash: examples.contentHashAt(index),
      repeat: round.repeatOf(place),
    });
  }

  /** An extra round that would not fit is not begun: the part of it that did would be paid for and not be used. */
  #hasRoomFor(round: Round, outstanding: number): boolean {
    const { timeMs } = this.#budget;
    if (round.number === 0) return this.#budget.reached() === undefined;
    const elapsedMs = this.#options.clock.now() - this.#startedMs;
    const made = this.#counts.done - this.#counts.resumed;
    const wantedMs = made === 0 ? 0 : (elapsedMs / made) * outstanding;
    return this.#budget.fits(outstanding) && (timeMs === undefined || elapsedMs + wantedMs <= timeMs);
  }

  /** Whether there is a call to make: answers that are only scored again, or come from the cache, need no target. */
  #mustCall({ round, calls }: RoundWork): boolean {
    if (this.#options.cache !== undefined) return false;
    return calls.some(
      (call, place) => call === undefined && !this.#journal.unscored.has(this.#keyAt(round, place)),
    );
  }

  /** Takes one task after the other until there are none. What stops one worker stops all. */
  async #work(work: RoundWork): Promise<void> {
    const { head, maxRetries = DEFAULT_MAX_RETRIES } = this.#options;
    const { signal } = this.#stop;
    const settings = { ...this.#options, timeoutMs: head.timeoutMs, maxRetries, signal };
    try {
      while (!signal.aborted && this.#budget.reached() === undefined) {
        const place = nextOutstanding(work);
        if (place === undefined) return;
        const task = this.#taskAt(work.round, place);
        const kept = this.#journal.unscored.get(this.#keyAt(work.round, place));
        const call =
          kept === undefined
            ? await callExample(task, settings)
            : await rescoreCall(kept, task.example, settings);
        // An answer that comes while the run is being stopped is made again by the next session.
        signal.throwIfAborted();
        this.#finish(work, place, call);
      }
    } catch (thrown) {
      this.#stop.abort(thrown);
    }
  }

  #taskAt(round: Round, place: number): CallTask {
    const { examples } = this.#options;
    const index = round.exampleOf(place);
    return {
      example: examples.exampleAt(index),
      contentHash: examples.contentHashAt(index),
      repeat: round.repeatOf(place),
    };
  }

  #finish({ round, calls }: RoundWork, place: number, call: Call): void {
    this.#journal.append(call);
    const scored = this.#slimmed(round, place, call);
    calls[place] = scored;
    this.#count(scored);
    this.#report(scored);
    const health = this.#health.note(call.status);
    if (health === 'unreachable') throw this.#unreachable(call.error, this.#health.unanswered);
    if (health === 'lost') throw this.#lost(call.error);
  }

  #count(call: ScoredCall): void {
    this.#counts.done += 1;
    if (call.status === 'agent_failed') this.#counts.agentFailed += 1;
    if (call.status === 'not_measured') this.#counts.notMeasured += 1;
    if (call.cached === true) this.#counts.cached += 1;
    this.#budget.add(call);
  }

  #report(call?: ScoredCall): void {
    this.#options.onProgress?.({
      ...this.#counts,
      ...(this.#extraRound === undefined ? {} : { extraRound: this.#extraRound }),
      ...(call === undefined ? {} : { call }),
    });
  }

  /** The calls of the whole rounds, the repeats of an example together. */
  #pooled(): readonly ScoredCall[] {
    const { examples, head } = this.#options;
    const [first, ...extra] = this.#rounds;
    const pooled: ScoredCall[] = [];
    const take = (call: ScoredCall | undefined) => {
      if (call !== undefined) pooled.push(call);
    };
    for (let index = 0; index < examples.size; index += 1) {
      for (let repeat = 0; repeat < head.repeats; repeat += 1)
        take(first?.calls[index * head.repeats + repeat]);
      for (const { calls } of extra) take(calls[index]);
    }
    return pooled;
  }

  /** Ends the session when its time is over; returns what stops the clock. */
  #startTimer(): () => void {
    const { timeMs } = this.#budget;
    const timer = new AbortController();
    if (timeMs !== undefined)
      this.#options.clock.sleep(timeMs, timer.signal).then(
        () => this.#stop.abort(TIME_IS_OVER),
        (thrown: unknown) => {
          if (thrown !== TIMER_STOPPED) this.#stop.abort(thrown);
        },
      );
    return () => timer.abort(TIMER_STOPPED);
  }

  #budgetSpent(): NoVerdictError {
    const { done, total } = this.#counts;
    const what = this.#budget.reached() ?? `${(this.#budget.timeMs ?? 0) / 1_000} s`;
    return new NoVerdictError(
      'BUDGET_SPENT',
      `Run ${this.#journal.head.runId} spent its budget (${what}) after ${done} of ${total} calls: there is no verdict.`,
      {
        hint: 'Raise --budget-usd, --budget-tokens or --budget-time and run the same command: it resumes, and what was answered is kept.',
      },
    );
  }

  #unreachable(error: string | undefined, calls: number): NoVerdictError {
    return new NoVerdictError(
      'TARGET_UNREACHABLE',
      `${this.#options.target.spec} answered none of its first ${calls} calls: ${sentence(error)}`,
      {
        hint: mentionsQuota(error)
          ? QUOTA_HINT
          : 'Start the agent, for example: sluice serve ./agent.ts#graph',
      },
    );
  }

  #lost(error: string | undefined): NoVerdictError {
    const { done, notMeasured, total } = this.#counts;
    return new NoVerdictError(
      'TARGET_LOST',
      `${this.#options.target.spec} stopped answering after ${done - notMeasured} of ${total} calls of run ${this.#options.head.runId}: ${this.#health.unanswered} in a row got no answer, the last: ${sentence(error)}`,
      {
        hint: mentionsQuota(error)
          ? QUOTA_HINT
          : 'Start the agent again and run the same command: it resumes, and what was answered is kept.',
      },
    );
  }
}

const TIME_IS_OVER = new Error('The budget of time is spent.');
const TIMER_STOPPED = new Error('The session ended within its budget of time.');
const QUOTA_HINT =
  "The agent's model provider refuses more calls: wait or raise its limit, then run the same command; what was answered is kept.";

function nextOutstanding(work: RoundWork): number | undefined {
  while (work.next < work.calls.length && work.calls[work.next] !== undefined) work.next += 1;
  if (work.next >= work.calls.length) return undefined;
  work.next += 1;
  return work.next - 1;
}
