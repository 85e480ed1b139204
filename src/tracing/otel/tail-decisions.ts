/**
 * What became of a graph run: its trace goes to the exporters, or nowhere. `aside`: nowhere unless somebody asks for it while
 * it is in memory; one of the others follows.
 */
export type TailDecision = 'keep' | 'drop' | 'aside';

/** Takes the decisions of one graph run: perhaps `aside`, and then the final one. */
export type DecisionListener = (decision: TailDecision) => void;

/** How many decisions are remembered for spans that end after their trace: about 100 bytes each. */
const REMEMBERED = 10_000;

/**
 * The tail decisions of this process, by the run id of the root. The tracer states them; whoever holds spans that belong
 * to a graph run waits for them. By run and not by trace id, because one request may run two graphs in one trace, and
 * each is decided by itself.
 */
export class TailDecisions {
  private readonly decided = new Map<string, TailDecision>();
  private readonly listeners = new Map<string, Set<DecisionListener>>();
  private readonly maxRemembered: number;

  constructor(options: { readonly maxRemembered?: number } = {}) {
    this.maxRemembered = options.maxRemembered ?? REMEMBERED;
  }

  /** The decision of a run, as long as it is remembered. */
  of(rootId: string): TailDecision | undefined {
    return this.decided.get(rootId);
  }

  /**
   * States the decision of a run. A later one replaces it for what comes after: a dropped trace can be promoted.
   * Listeners are called at once, each at most once with a final one; they must not throw.
   */
  decide(rootId: string, decision: TailDecision): void {
    // Taken out first, so that the map stays in the order of the last decision.
    this.decided.delete(rootId);
    this.decided.set(rootId, decision);
    if (this.decided.size > this.maxRemembered) {
      const [oldest] = this.decided.keys();
      if (oldest !== undefined) this.decided.delete(oldest);
    }
    const waiting = this.listeners.get(rootId);
    if (waiting === undefined) return;
    if (decision !== 'aside') this.listeners.delete(rootId);
    for (const listener of waiting) listener(decision);
  }

  /**
   * Calls the listener with the decision of the run, at once where it is known, until that is final.
   *
   * @returns Takes the listener back.
   */
  subscribe(rootId: string, listener: DecisionListener): () => void {
    const known = this.decided.get(rootId);
    if (known !== undefined) listener(known);
    if (known === 'keep' || known === 'drop') return () => {};
    const waiting = this.listeners.get(rootId) ?? new Set();
    waiting.add(listener);
    this.listeners.set(rootId, waiting);
    return () => {
      waiting.delete(listener);
      if (waiting.size === 0 && this.listeners.get(rootId) === waiting) this.listeners.delete(rootId);
    };
  }
}
