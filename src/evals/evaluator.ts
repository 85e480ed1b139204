import type { Example } from './example.ts';

/** What a target call produced, in the shape that evaluators written for langsmith expect of a run. */
export interface EvaluatedRun {
  /** The run id the target reported, else one made for this call. `sluice traces show` opens its trace. */
  readonly id: string;
  readonly name: string;
  readonly run_type: 'chain';
  readonly inputs: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  /** Set when the agent failed. */
  readonly error?: string;
  /** Milliseconds since the epoch. */
  readonly start_time: number;
  /** Milliseconds since the epoch. */
  readonly end_time: number;
}

/** What an evaluator is called with. */
export interface EvaluatorArgs {
  readonly run: EvaluatedRun;
  readonly example: Example;
  readonly inputs: Record<string, unknown>;
  /** The target's outputs; an output that is not an object is wrapped as `{ output }`. */
  readonly outputs: Record<string, unknown>;
  readonly referenceOutputs: Record<string, unknown> | undefined;
}

/**
 * One score. Booleans count as 0 and 1; `null` or no score means "does not apply to this example".
 * The shapes of langsmith (`key`) and autoevals (`name`) are both accepted.
 */
export interface EvaluationResult {
  readonly key?: string;
  readonly name?: string;
  readonly score?: number | boolean | null;
  readonly value?: unknown;
  readonly comment?: string | undefined;
  readonly metadata?: unknown;
}

/** Anything an evaluator may return. */
export type EvaluatorReturn =
  | EvaluationResult
  | readonly EvaluationResult[]
  | { readonly results: readonly EvaluationResult[] };

/** A plain evaluator function, as written for langsmith, openevals or agentevals. */
// biome-ignore lint/suspicious/noExplicitAny: evaluators of other libraries declare narrower arguments than ours
export type EvaluatorFunction = (args: any, example?: any) => EvaluatorReturn | Promise<EvaluatorReturn>;

/** How the gate reads the scores of an evaluator. */
export interface EvaluatorSettings {
  /** Whether more or less is better. Default `higher`. */
  readonly direction: 'higher' | 'lower';
  /** Lowest and highest possible score; null where there is no bound. Default [0, 1]. */
  readonly range: readonly [min: number | null, max: number | null];
  /** Whether the gate fails on it. Advisory evaluators are printed and never fail. Default true. */
  readonly gate: boolean;
}

/** An evaluator with its key and how the gate reads it. */
export interface Evaluator extends EvaluatorSettings {
  /**
   * Key of its score in every call, also where the result names another. Of several results the mean stands under it,
   * and each of them under `key.name`.
   */
  readonly key: string;
  /** Changes when the evaluator's meaning does; a changed fingerprint is not compared with an older baseline. */
  readonly fingerprint: string;
  /** The model that judges, such as `openai:gpt-5`. Scores of another one are not compared with an older baseline. */
  readonly judge?: string;
  readonly evaluate: EvaluatorFunction;
  /** It scores how long the answer took: it is not asked about an answer out of the cache. Default false. */
  readonly measuresTime?: boolean;
  /**
   * Score of a call in which the agent failed, for an evaluator whose range has no worst end. Default: the worse end of
   * `range`; without one such a call is not measured.
   */
  readonly failureScore?: (limits: { readonly timeoutMs: number }) => number;
}
