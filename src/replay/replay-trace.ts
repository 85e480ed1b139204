import {
  type Clock,
  isRecord,
  NoVerdictError,
  type Outcome,
  systemClock,
  type Trace,
  toWire,
} from '../core/index.ts';
import { awaitTrace, playInput, type ReplayableGraph } from './player.ts';
import { recordedInput } from './recorded-input.ts';
import { revive } from './revive.ts';
import { diffRuns, judgeReplay, type ReplayVerdict, type RunDiff } from './run-diff.ts';
import { finalAnswer, type RunShape, runShape } from './run-shape.ts';

/** Default time limit of a replay, in milliseconds. */
export const DEFAULT_REPLAY_TIMEOUT_MS = 120_000;

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

/** Options of {@link replayTrace}. */
export interface ReplayOptions {
  /** The recorded run. */
  readonly trace: Trace;
  /** What to run it on: a compiled graph in this process, or a deployed agent. */
  readonly on: ReplayableGraph | ReplayTarget;
  /** Folder of the trace store that the replay is recorded in. */
  readonly home: string;
  /**
   * Configurable values for a graph in this process. LangGraph does not tell tracers those of a run, so what the nodes read
   * from `config.configurable` has to be given again. Default none.
   */
  readonly configurable?: Readonly<Record<string, unknown>>;
  /** Default 120000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** What a replay has shown. */
export interface ReplayResult {
  readonly verdict: ReplayVerdict;
  readonly diff: RunDiff;
  /** Run id of the replay; its trace has it. */
  readonly runId: string | undefined;
  /** True when only the outcome and the answer could be compared: the deployed agent's trace is not in this store. */
  readonly partial: boolean;
  /** What the reader should know. */
  readonly notes: readonly string[];
}

/**
 * Runs a recorded input again on a fresh thread and compares the two runs. On a graph in this process nothing is written
 * through its checkpointer or long-term store; what its nodes and tools do by themselves, they do again.
 *
 * @throws NoVerdictError when it cannot be replayed: `REPLAY_INPUTS_HIDDEN`, `REPLAY_INPUT_INCOMPLETE`,
 * `REPLAY_INPUT_MISSING`, `REPLAY_RESUMED_RUN`, `REPLAY_INPUT_NOT_AN_OBJECT`, `REPLAY_TARGET_UNAVAILABLE`,
 * `REPLAY_SUBGRAPH_CHECKPOINTER` or `REPLAY_NOT_RECORDED`.
 */
export async function replayTrace(options: ReplayOptions): Promise<ReplayResult> {
  const recorded = recordedInput(options.trace);
  if (recorded.kind === 'unavailable') {
    throw new NoVerdictError(recorded.code, recorded.reason, { hint: recorded.hint });
  }
  const notes = recorded.note === undefined ? [] : [recorded.note];
  const { on } = options;
  const played =
    'call' in on
      ? await playOnTarget(on, recorded.input, options)
      : await playOnGraph(on, recorded.input, options);
  const before = runShape(options.trace);
  return {
    verdict: judgeReplay(before.outcome, played.shape.outcome),
    diff: diffRuns(before, played.shape),
    runId: played.runId,
    partial: played.partial,
    notes: [...notes, ...played.notes],
  };
}

interface Played {
  readonly shape: RunShape;
  readonly runId: string | undefined;
  readonly partial: boolean;
  readonly notes: readonly string[];
}

async function playOnGraph(graph: ReplayableGraph, input: unknown, options: ReplayOptions): Promise<Played> {
  const trace = await playInput(graph, {
    recorded: options.trace,
    input,
    configurable: options.configurable ?? {},
    home: options.home,
    timeoutMs: options.timeoutMs ?? DEFAULT_REPLAY_TIMEOUT_MS,
    signal: options.signal ?? new AbortController().signal,
    clock: options.clock ?? systemClock(),
  });
  const notes =
    graph.store === undefined
      ? []
      : ['The long-term store of the graph was replaced by an empty one in memory.'];
  return { shape: runShape(trace), runId: trace.id, partial: false, notes };
}

async function playOnTarget(
  target: ReplayTarget,
  recorded: unknown,
  options: ReplayOptions,
): Promise<Played> {
  const input = toWire(revive(recorded));
  if (!isRecord(input)) {
    throw new NoVerdictError(
      'REPLAY_INPUT_NOT_AN_OBJECT',
      `The input of run ${options.trace.id} is not an object.`,
      {
        hint: 'Replay it on the graph itself: --graph ./file.ts#export',
      },
    );
  }
  const answer = await target.call(input, {
    signal: options.signal ?? new AbortController().signal,
    timeoutMs: options.timeoutMs ?? DEFAULT_REPLAY_TIMEOUT_MS,
  });
  if (answer.kind === 'unavailable') {
    throw new NoVerdictError('REPLAY_TARGET_UNAVAILABLE', `${target.spec} did not answer: ${answer.error}`, {
      hint: 'Start the agent and try again.',
    });
  }
  const { runId } = answer;
  const trace =
    runId === undefined ? undefined : await awaitTrace(options.home, runId, options.clock ?? systemClock());
  if (trace !== undefined) return { shape: runShape(trace), runId, partial: false, notes: [] };
  return {
    shape: shapeOfAnswer(answer),
    runId,
    partial: true,
    notes: [
      `The trace of the replay is not in this store: only the outcome and the answer of ${target.spec} are compared.`,
    ],
  };
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
