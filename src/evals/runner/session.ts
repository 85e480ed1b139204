import { setMaxListeners } from 'node:events';
import type { Sequence } from '../../core/index.ts';
import type { ExampleSource } from '../datasets/index.ts';
import type { Call, ExtraRounds, ScoredCall } from '../experiment.ts';
import { Budget } from './budget.ts';
import { type CallTask, callExample, rescoreCall } from './call-example.ts';
import { callKey, type Journal } from './journal.ts';
import { extraRound, firstRound, type Round } from './round.ts';
import { pooledCalls, RoundWork } from './round-work.ts';
import type { RunExperimentOptions, RunProgress } from './run-options.ts';
import { budgetSpent, lost, unreachable } from './session-errors.ts';
import { TargetHealth } from './target-health.ts';
import { refuseUnscored } from './unscored.ts';

const DEFAULT_CONCURRENCY = 4;
const DEFAULT_MAX_RETRIES = 3;

/** The options of a run, its examples by position. */
export interface SessionOptions extends RunExperimentOptions {
  readonly examples: ExampleSource;
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
  async run(): Promise<{ readonly calls: Sequence<ScoredCall>; readonly rounds: ExtraRounds }> {
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
    if (first === 'budget') throw this.#spent();
    for (;;) {
      const calls = pooledCalls([...this.#rounds], { examples: examples.size, repeats: head.repeats });
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
    const { outstanding } = work;
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
    if (work.outstanding > 0) return 'budget';
    this.#rounds.push(work);
    if (round.number === 0) {
      if (work.isUnmeasured()) throw this.#unreachable(work.at(round.size - 1).error, round.size);
      this.#budget.refuseUnreported();
    }
    return 'whole';
  }

  /** Finds in the journal what an earlier session finished of a round. */
  #open(round: Round): RoundWork {
    const work = new RoundWork(round);
    for (let place = 0; place < round.size; place += 1) {
      const key = this.#keyAt(round, place);
      const earlier = this.#journal.earlier.get(key);
      const isOpen = earlier?.status === 'not_measured' || this.#journal.unscored.has(key);
      if (earlier === undefined || isOpen) continue;
      this.#count(work.finish(place, earlier, this.#identityAt(round, place)));
      this.#counts.resumed += 1;
    }
    this.#counts.total += round.size;
    return work;
  }

  #identityAt(round: Round, place: number): Pick<Call, 'exampleId' | 'contentHash'> {
    const { examples } = this.#options;
    const index = round.exampleOf(place);
    return { exampleId: examples.idAt(index), contentHash: examples.contentHashAt(index) };
  }

  #keyAt(round: Round, place: number): string {
    return callKey({ ...this.#identityAt(round, place), repeat: round.repeatOf(place) });
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
  #mustCall(work: RoundWork): boolean {
    if (this.#options.cache !== undefined) return false;
    for (let place = 0; place < work.round.size; place += 1)
      if (!work.has(place) && !this.#journal.unscored.has(this.#keyAt(work.round, place))) return true;
    return false;
  }

  /** Takes one task after the other until there are none. What stops one worker stops all. */
  async #work(work: RoundWork): Promise<void> {
    const { head, maxRetries = DEFAULT_MAX_RETRIES } = this.#options;
    const { signal } = this.#stop;
    const settings = { ...this.#options, timeoutMs: head.timeoutMs, maxRetries, signal };
    try {
      while (!signal.aborted && this.#budget.reached() === undefined) {
        const place = work.take();
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

  #finish(work: RoundWork, place: number, call: Call): void {
    this.#journal.append(call);
    const scored = work.finish(place, call, this.#identityAt(work.round, place));
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

  #spent(): Error {
    const what = this.#budget.reached() ?? `${(this.#budget.timeMs ?? 0) / 1_000} s`;
    return budgetSpent(this.#journal.head.runId, what, this.#counts);
  }

  #unreachable(error: string | undefined, calls: number): Error {
    return unreachable(this.#options.target.spec, error, calls);
  }

  #lost(error: string | undefined): Error {
    const { runId } = this.#options.head;
    const { unanswered } = this.#health;
    return lost(this.#options.target.spec, error, { runId, unanswered, counts: this.#counts });
  }
}

const TIME_IS_OVER = new Error('The budget of time is spent.');
const TIMER_STOPPED = new Error('The session ended within its budget of time.');
