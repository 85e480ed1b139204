import { type Clock, NoVerdictError, type Outcome, type Trace } from '../core/index.ts';
import { finalAnswer, type RunShape } from './diff/index.ts';
import { awaitTrace } from './player/index.ts';
import { wireInput } from './wire-input.ts';

/** What a deployed agent answered to a replayed input: what a target of an evaluation returns. */
export type ReplayAnswer =
  | { readonly kind: 'answered'; readonly outputs: Record<string, unknown>; readonly runId?: string }
  | { readonly kind: 'agent_failed'; readonly error: string; readonly runId?: string }
  | { readonly kind: 'unavailable'; readonly error: string };

/** A deployed agent to replay on. The targets of `sluicegate/evals` are such. */
export interface ReplayTarget {
  readonly spec: string;
  call(
    inputs: Record<string, unknown>,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<ReplayAnswer>;
}

/** What a target made of an input: its trace where the target records into the same store, else what can be told from the answer. */
export interface TargetRun {
  readonly shape: RunShape;
  readonly trace: Trace | undefined;
  readonly runId: string | undefined;
}

/**
 * Calls a deployed agent with a recorded input, as plain JSON.
 *
 * @throws NoVerdictError `REPLAY_INPUT_NOT_AN_OBJECT` or `REPLAY_TARGET_UNAVAILABLE`.
 */
export async function playOnTarget(
  target: ReplayTarget,
  options: {
    readonly recorded: Trace;
    /** Folder of the trace store that a target of this machine writes to. */
    readonly home?: string;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    readonly clock: Clock;
  },
): Promise<TargetRun> {
  const input = wireInput(options.recorded);
  const { signal, timeoutMs, home } = options;
  const answer = await target.call(input, { signal, timeoutMs });
  if (answer.kind === 'unavailable') {
    throw new NoVerdictError('REPLAY_TARGET_UNAVAILABLE', `${target.spec} did not answer: ${answer.error}`, {
      hint: 'Start the agent and try again.',
    });
  }
  const { runId } = answer;
  const trace =
    runId === undefined || home === undefined ? undefined : await awaitTrace(home, runId, options.clock);
  return { shape: shapeOfAnswer(answer), trace, runId };
}

function shapeOfAnswer(answer: Exclude<ReplayAnswer, { kind: 'unavailable' }>): RunShape {
  const failed = answer.kind === 'agent_failed';
  const interrupted = !failed && Array.isArray(answer.outputs['__interrupt__']);
  const outcome: Outcome = failed ? 'error' : interrupted ? 'interrupted' : 'success';
  return {
    outcome,
    error: failed ? { name: 'Error', message: answer.error } : undefined,
    failedIn: undefined,
    path: [],
    toolCalls: [],
    answer: failed ? undefined : finalAnswer(answer.outputs),
  };
}
