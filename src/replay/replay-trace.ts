import type { BaseCheckpointSaver } from '@langchain/langgraph';
import { type Clock, NoVerdictError, systemClock, type Trace } from '../core/index.ts';
import type {
  BlockedCall,
  Played,
  PlayedCall,
  ReplayableGraph,
  ReplayMode,
  ResumePoint,
} from './contract.ts';
import {
  diffRuns,
  diffTraces,
  judgeReplay,
  type ReplayVerdict,
  type RunDiff,
  runShape,
  type TraceDiff,
} from './diff/index.ts';
import { ReplayBlockedError } from './fence/index.ts';
import { type ForkedAt, forkAtFailure } from './fork/index.ts';
import { firstNodes, forkTail } from './fork-tail.ts';
import { playOnTarget, type ReplayTarget } from './play-target.ts';
import { type OnMiss, playInput, playRecorded, ReplayMissError } from './player/index.ts';
import { recordedInput } from './recorded-input.ts';
import { recordingOf } from './recording/index.ts';

/** Default time limit of a replay, in milliseconds. */
export const DEFAULT_REPLAY_TIMEOUT_MS = 120_000;

/** Options of {@link replayTrace}. */
export interface ReplayOptions {
  /** The recorded run. */
  readonly trace: Trace;
  /** What to run it on: a compiled graph in this process, or a deployed agent. */
  readonly on: ReplayableGraph | ReplayTarget;
  /** Folder of the trace store that the replay is recorded in. Default: it is recorded in memory alone. */
  readonly home?: string;
  /**
   * How it is run again. `recorded`: with the recorded results of models and tools, behind a fence. `input`: everything runs
   * as it does by itself, side effects included. `fork`: as `recorded`, from the failing node on; needs `checkpointer`.
   * Default `recorded` for a graph; a deployed agent is always given the input.
   */
  readonly mode?: ReplayMode;
  /** Whether models answer as recorded or are called. Default `recorded`. */
  readonly models?: 'recorded' | 'live';
  /** The same for tools and retrievers. Default `recorded`. */
  readonly tools?: 'recorded' | 'live';
  /** What a call gets that nothing recorded fits. Default `fail`: the replay stops there. */
  readonly onMiss?: OnMiss;
  /** Hosts that may be connected to: `api.example.com`, `db:5432`, `*.example.com`. Default none. */
  readonly allowHosts?: readonly string[];
  /** Tools that are called when nothing recorded fits. Default none. */
  readonly allowTools?: readonly string[];
  /** The build without the patch: it is replayed too, so that a difference is known to come from the patch. */
  readonly baseline?: ReplayableGraph;
  /** For `fork`: the checkpointer with the thread of the run, or its URL. It is only read. */
  // biome-ignore lint/suspicious/noExplicitAny: savers differ in their type of versions, and only any accepts them all
  readonly checkpointer?: string | BaseCheckpointSaver<any>;
  /** For a checkpointer by URL: `LANGGRAPH_API_KEY`. Default empty. */
  readonly env?: Readonly<Record<string, string | undefined>>;
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

/** The replay of the build without the patch. */
export interface BaselineLane {
  readonly outcome: Trace['outcome'];
  readonly runId: string;
  /** The recorded run against that of the baseline: what differs without any patch. */
  readonly diff: TraceDiff;
  /** Why it could not be replayed to its end. The patched build is compared with the record then. */
  readonly stopped?: string;
}

/** What a replay has shown. */
export interface ReplayResult {
  readonly mode: ReplayMode;
  readonly verdict: ReplayVerdict;
  /**
   * The recorded run against the replay; with a baseline that could be replayed, the baseline against the patched build.
   * Without a trace of the replay only what its answer tells; see `partial`.
   */
  readonly diff: RunDiff | TraceDiff;
  /** Run id of the replay; its trace has it. */
  readonly runId: string | undefined;
  /** Trace of the replay. */
  readonly trace: Trace | undefined;
  /** True when only the outcome and the answer could be compared: the deployed agent's trace is not in this store. */
  readonly partial: boolean;
  /** Model and tool calls of the replay, with where their results came from. */
  readonly calls: readonly PlayedCall[];
  /** What the replay was kept from doing. */
  readonly blocked: readonly BlockedCall[];
  /** Of a replay that could not go on: why, in one sentence. */
  readonly stopped?: string;
  /** With `fork`: where. */
  readonly forkedAt?: ForkedAt;
  readonly baseline?: BaselineLane;
  /** What the reader should know. */
  readonly notes: readonly string[];
}

/** True for a comparison of two traces, false for one of what an answer tells. */
export function isTraceDiff(diff: RunDiff | TraceDiff): diff is TraceDiff {
  return 'rows' in diff;
}

/**
 * Runs a recorded run again and compares the two. On a graph in this process nothing is written through its checkpointer
 * or long-term store, and unless the mode is `input` nothing leaves the process that is not allowed by name.
 *
 * @throws NoVerdictError when it cannot be replayed: `REPLAY_INPUTS_HIDDEN`, `REPLAY_INPUT_INCOMPLETE`,
 * `REPLAY_INPUT_MISSING`, `REPLAY_RESUMED_RUN`, `REPLAY_INPUT_NOT_AN_OBJECT`, `REPLAY_TARGET_UNAVAILABLE`,
 * `REPLAY_SUBGRAPH_CHECKPOINTER`, `REPLAY_NOTHING_RECORDED`, `REPLAY_NOT_RECORDED`, `REPLAY_NO_CHECKPOINTER`, and what
 * `forkAtFailure` throws.
 */
export async function replayTrace(options: ReplayOptions): Promise<ReplayResult> {
  const { on } = options;
  if ('call' in on) return await replayOnTarget(on, options);
  const mode = options.mode ?? 'recorded';
  const lane = await play(on, mode, options);
  const baseline =
    options.baseline === undefined ? undefined : await playBaseline(options.baseline, mode, options);
  const recorded = comparedWith(options.trace, lane);
  const isForked = lane.forkedAt !== undefined;
  const compareInput = !isForked && lane.inputNote === undefined;
  const stopped = whyStopped(lane, options.trace);
  const reference = baseline === undefined || baseline.lane.stopped !== undefined ? recorded : baseline.trace;
  return {
    mode,
    verdict: judge(options.trace, lane.trace, stopped, baseline?.lane),
    diff: diffTraces(reference, lane.trace, { compareInput }),
    runId: lane.trace.id,
    trace: lane.trace,
    partial: false,
    calls: lane.calls,
    blocked: lane.blocked,
    ...(stopped === undefined ? {} : { stopped }),
    ...(lane.forkedAt === undefined ? {} : { forkedAt: lane.forkedAt }),
    ...(baseline === undefined ? {} : { baseline: baseline.lane }),
    notes: notesOf(lane, on),
  };
}

interface Lane extends Played {
  readonly forkedAt?: ForkedAt;
  readonly inputNote?: string;
}

async function play(graph: ReplayableGraph, mode: ReplayMode, options: ReplayOptions): Promise<Lane> {
  const common = {
    configurable: options.configurable ?? {},
    ...(options.home === undefined ? {} : { home: options.home }),
    timeoutMs: options.timeoutMs ?? DEFAULT_REPLAY_TIMEOUT_MS,
    signal: options.signal ?? new AbortController().signal,
    clock: options.clock ?? systemClock(),
  };
  const policy = {
    models: options.models ?? 'recorded',
    tools: options.tools ?? 'recorded',
    onMiss: options.onMiss ?? 'fail',
    allowHosts: options.allowHosts ?? [],
    allowTools: options.allowTools ?? [],
  } as const;
  if (mode === 'fork') {
    const { trace, checkpointer, env } = options;
    if (checkpointer === undefined) {
      throw new NoVerdictError(
        'REPLAY_NO_CHECKPOINTER',
        'A fork needs the checkpointer that the thread is in.',
        {
          hint: 'Name it: --checkpointer postgres://… (or sqlite:file, pglite:folder, a LangGraph server).',
        },
      );
    }
    return await forkAtFailure(graph, {
      trace,
      checkpointer,
      ...(env === undefined ? {} : { env }),
      play: async (patched: ReplayableGraph, resume: ResumePoint) =>
        await playRecorded(patched, {
          ...common,
          ...policy,
          recording: recordingOf(forkTail(trace, failingNode(trace))),
          input: null,
          resume,
        }),
    });
  }
  const recorded = recordedInput(options.trace);
  if (recorded.kind === 'unavailable') {
    throw new NoVerdictError(recorded.code, recorded.reason, { hint: recorded.hint });
  }
  const { input, note } = recorded;
  const inputNote = note === undefined ? {} : { inputNote: note };
  if (mode === 'input') {
    const trace = await playInput(graph, { ...common, recorded: options.trace, input });
    return { trace, calls: [], blocked: [], notes: [], ...inputNote };
  }
  const recording = recordingOf(options.trace);
  return { ...(await playRecorded(graph, { ...common, ...policy, recording, input })), ...inputNote };
}

/** The outermost node of the failure, as the trace names it. */
function failingNode(trace: Trace): string {
  const failing = trace.spans.find(({ id }) => id === trace.failingSpanId);
  const outermost = failing?.checkpointNs?.split('|', 1)[0]?.split(':', 1)[0];
  return outermost ?? failing?.node ?? failing?.name ?? '';
}

/** The part of the recorded run that a replay stands against. */
function comparedWith(trace: Trace, lane: Lane): Trace {
  return lane.forkedAt === undefined ? trace : forkTail(trace, lane.forkedAt.node, firstNodes(lane.trace));
}

async function playBaseline(
  graph: ReplayableGraph,
  mode: ReplayMode,
  options: ReplayOptions,
): Promise<{ readonly lane: BaselineLane; readonly trace: Trace }> {
  const lane = await play(graph, mode, options);
  const stopped = whyStopped(lane, options.trace);
  const compareInput = lane.forkedAt === undefined && lane.inputNote === undefined;
  return {
    trace: lane.trace,
    lane: {
      outcome: lane.trace.outcome,
      runId: lane.trace.id,
      diff: diffTraces(comparedWith(options.trace, lane), lane.trace, { compareInput }),
      ...(stopped === undefined ? {} : { stopped }),
    },
  };
}

function judge(
  recorded: Trace,
  replayed: Trace,
  stopped: string | undefined,
  baseline: BaselineLane | undefined,
): ReplayVerdict {
  if (stopped !== undefined) return 'stopped';
  const verdict = judgeReplay(recorded.outcome, replayed.outcome);
  const comesBack = baseline === undefined || baseline.stopped !== undefined || baseline.outcome === 'error';
  return verdict === 'fixed' && !comesBack ? 'unproven' : verdict;
}

/** A run that ended where the recording or the fence ended it says nothing about the patch. */
function whyStopped({ trace, calls, blocked }: Played, recorded: Trace): string | undefined {
  const missed = calls.find(({ match }) => match === 'miss');
  if (missed !== undefined) {
    const where = missed.node === undefined ? '' : `node ${missed.node}, `;
    const call =
      missed.kind === 'tool'
        ? `call ${missed.ordinal + 1} of tool ${missed.name}`
        : `${missed.kind} call ${missed.ordinal + 1} (${missed.name})`;
    const near = missed.nearest === undefined ? '' : `; the nearest is ${missed.nearest}`;
    return `Nothing recorded fits ${where}${call}${near}.`;
  }
  const { error } = trace;
  if (trace.outcome !== 'error' || error === undefined) return undefined;
  const isOurs = [ReplayMissError.name, ReplayBlockedError.name].includes(error.name);
  const isRecorded = recorded.error?.name === error.name && recorded.error.message === error.message;
  const stubbed = calls.find(({ match }) => match === 'stub');
  if (stubbed !== undefined && !isRecorded) {
    return `It failed after ${stubbed.kind} ${stubbed.name} was given a made-up answer: ${error.name}: ${firstLine(error.message)}.`;
  }
  const [first] = blocked;
  // A client wraps the error of a blocked connection in one of its own.
  if (!isOurs && (first === undefined || isRecorded)) return undefined;
  return first === undefined
    ? `${error.message}`
    : `It failed after ${first.kind} to ${first.what} was blocked: ${error.name}: ${firstLine(error.message)}.`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function notesOf(lane: Lane, graph: ReplayableGraph): string[] {
  return [
    ...(lane.inputNote === undefined ? [] : [lane.inputNote]),
    ...(graph.store === undefined
      ? []
      : ['The long-term store of the graph was replaced by an empty one in memory.']),
    ...lane.notes,
  ];
}

async function replayOnTarget(target: ReplayTarget, options: ReplayOptions): Promise<ReplayResult> {
  const recorded = recordedInput(options.trace);
  if (recorded.kind === 'unavailable') {
    throw new NoVerdictError(recorded.code, recorded.reason, { hint: recorded.hint });
  }
  const run = await playOnTarget(target, {
    recorded: options.trace,
    ...(options.home === undefined ? {} : { home: options.home }),
    timeoutMs: options.timeoutMs ?? DEFAULT_REPLAY_TIMEOUT_MS,
    signal: options.signal ?? new AbortController().signal,
    clock: options.clock ?? systemClock(),
  });
  const before = runShape(options.trace);
  const { trace } = run;
  const elsewhere = `The trace of the replay is not in this store: only the outcome and the answer of ${target.spec} are compared.`;
  return {
    mode: 'input',
    verdict: judgeReplay(before.outcome, trace?.outcome ?? run.shape.outcome),
    diff:
      trace === undefined
        ? diffRuns(before, run.shape)
        : diffTraces(options.trace, trace, { compareInput: false }),
    runId: run.runId,
    trace,
    partial: trace === undefined,
    calls: [],
    blocked: [],
    notes: [
      ...(recorded.note === undefined ? [] : [recorded.note]),
      ...(trace === undefined ? [elsewhere] : []),
    ],
  };
}
