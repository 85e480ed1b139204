import { type Clock, NoVerdictError, type Span } from '../../core/index.ts';
import type { Played, ReplayableGraph, ResumePoint } from '../contract.ts';
import { describeCall, type RecordedCall, type Recording } from '../recording/index.ts';
import { Player, type PlayerOptions } from './player.ts';
import { runTraced } from './run-traced.ts';
import { installSubstitution } from './substitution.ts';

/** Options of {@link playRecorded}. */
export interface PlayRecordedOptions extends Omit<PlayerOptions, 'clock'> {
  readonly recording: Recording;
  readonly input: unknown;
  readonly configurable: Readonly<Record<string, unknown>>;
  /** Folder of the trace store that the replay is recorded in. Default: it is recorded in memory alone. */
  readonly home?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Id of the run of the replay. Default: a fresh UUIDv7. */
  readonly runId?: string;
  /** Goes on from a checkpoint, with null as the input, where a fresh thread would be begun. */
  readonly resume?: ResumePoint;
}

/** A replay of a recording. */
export interface PlayedRecording extends Played {
  /** Recorded calls that were not made again, without those inside of tools that answered as recorded. */
  readonly unused: readonly RecordedCall[];
}

/**
 * Runs a recorded input on a graph with the recorded results of models, tools and retrievers in their places, on a fresh
 * thread in memory, with a fence around it that nothing leaves. How the run ended, and what it did, is in its trace.
 *
 * A call that nothing recorded fits does not make this throw: it is among the calls of what was played as `miss`, and the
 * run has ended there.
 *
 * @throws NoVerdictError `REPLAY_NOTHING_RECORDED` when results are to be played and the trace holds none,
 * `REPLAY_NOT_RECORDED` when the run could not be recorded, `REPLAY_SUBGRAPH_CHECKPOINTER` when a subgraph would write to a
 * checkpointer of its own, and the signal's reason when aborted.
 */
export async function playRecorded(
  graph: ReplayableGraph,
  options: PlayRecordedOptions,
): Promise<PlayedRecording> {
  const { recording } = options;
  const player = openPlayer(recording, options);
  const trace = await runTraced(graph, { ...options, recorded: recording.trace }, (run) => player.run(run));
  return {
    trace,
    calls: player.calls,
    blocked: player.blocked,
    unused: player.unused,
    notes: [...recording.notes, ...notesOf(player, trace.spans)],
  };
}

/**
 * A player for a recording, for runs of one's own: `player.run(() => graph.invoke(...))`. An iterator has to be read inside
 * of `run`.
 *
 * @throws NoVerdictError `REPLAY_NOTHING_RECORDED` when results are to be played and every one of them is missing.
 */
export function openPlayer(recording: Recording, options: PlayerOptions): Player {
  const { models = 'recorded', tools = 'recorded', onMiss = 'fail' } = options;
  const wanted = recording.calls.filter(({ kind }) => (kind === 'model' ? models : tools) === 'recorded');
  if (onMiss === 'fail' && wanted.length > 0 && wanted.every(({ result }) => result.kind === 'missing')) {
    throw new NoVerdictError(
      'REPLAY_NOTHING_RECORDED',
      `Run ${recording.trace.id} has no recorded result of its ${wanted.length} calls to play.`,
      {
        hint: 'Record with outputs (no hideOutputs, a larger maxPayloadBytes), or replay with --model live.',
      },
    );
  }
  installSubstitution();
  return new Player(recording, options);
}

function notesOf(player: Player, spans: readonly Span[]): string[] {
  const notes: string[] = [];
  const { unused } = player;
  if (unused.length > 0) {
    const names = [...new Set(unused.map(describeCall))];
    notes.push(
      `${unused.length} recorded calls were not made again: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}.`,
    );
  }
  const inner = player.skippedInnerCalls;
  if (inner > 0)
    notes.push(`${inner} recorded calls inside of tools did not run again: the tools answered as recorded.`);
  const strangers = player.strangersAmong(spans);
  if (strangers > 0) {
    notes.push(
      `${strangers} model, tool or retriever calls did not come by the player: they are made without LangChain's classes, or by another copy of @langchain/core than the one that sluicegate imports.`,
    );
  }
  return notes;
}
