import { type Clock, NoVerdictError, systemClock } from '../../core/index.ts';
import type { ReplayableGraph } from '../contract.ts';
import { type PlayedRecording, playRecorded } from '../player/index.ts';
import { recordedInput } from '../recorded-input.ts';
import { describeCall, recordingOf } from '../recording/index.ts';
import type { Cassette } from './cassette.ts';

/** Options of {@link verifyCassette}. */
export interface VerifyCassetteOptions {
  readonly graph: ReplayableGraph;
  /** Default 120000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** Whether a cassette still fits the graph. */
export interface CassetteVerdict {
  /** `stale`: the graph makes other calls now than those that were recorded. `unplayable`: it could not be tried. */
  readonly status: 'fresh' | 'stale' | 'unplayable';
  /** Why, in order, one sentence each. Empty for a fresh one. */
  readonly reasons: readonly string[];
}

const DEFAULT_TIMEOUT_MS = 120_000;
const MAX_REASONS = 10;

/**
 * Plays a cassette on a graph, offline, and says whether the calls that the graph makes are still those that were recorded:
 * each with the same content, and none left over.
 */
export async function verifyCassette(
  cassette: Cassette,
  options: VerifyCassetteOptions,
): Promise<CassetteVerdict> {
  const recording = recordingOf(cassette.trace);
  const input = recordedInput(cassette.trace);
  if (input.kind === 'unavailable') return { status: 'unplayable', reasons: [input.reason] };
  try {
    const played = await playRecorded(options.graph, {
      recording,
      input: input.input,
      configurable: cassette.configurable,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      signal: options.signal ?? new AbortController().signal,
      clock: options.clock ?? systemClock(),
    });
    const left = played.unused.map((call) => `${describeCall(call)} was recorded and is not made any more.`);
    const reasons = [...strayCalls(played), ...left];
    return { status: reasons.length === 0 ? 'fresh' : 'stale', reasons: reasons.slice(0, MAX_REASONS) };
  } catch (thrown) {
    if (thrown instanceof NoVerdictError) return { status: 'unplayable', reasons: [thrown.message] };
    throw thrown;
  }
}

/** What a replay did that was not recorded, one sentence each. */
export function strayCalls({ calls, blocked }: PlayedRecording): string[] {
  const stray = calls.filter(({ match }) => match !== 'exact');
  return [
    ...stray.map((call) =>
      call.nearest === undefined
        ? `${describeCall(call)} was not recorded.`
        : `${describeCall(call)} is not as it was recorded: ${call.nearest}.`,
    ),
    // A tool that was not recorded is among the calls.
    ...blocked
      .filter(({ kind }) => kind !== 'tool')
      .map(({ what }) => `${what} was not recorded, and the replay blocked it.`),
  ];
}
