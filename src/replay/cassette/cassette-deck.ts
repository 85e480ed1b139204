import { type Clock, NoVerdictError, UsageError } from '../../core/index.ts';
import type { ReplayableGraph } from '../contract.ts';
import { type PlayedRecording, playRecorded } from '../player/index.ts';
import { recordedInput } from '../recorded-input.ts';
import { recordingOf, runInput } from '../recording/index.ts';
import type { Cassette } from './cassette.ts';
import { readCassettes } from './cassette-file.ts';
import { strayCalls } from './verify-cassette.ts';

/** Options of {@link CassetteDeck.play}. */
export interface CassettePlayOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Folder of the trace store that the replay is recorded in. Default: it is recorded in memory alone. */
  readonly home?: string;
  /** Id of the run of the replay. Default: a fresh UUIDv7. */
  readonly runId?: string;
}

interface Slot {
  readonly file: string;
  readonly cassette: Cassette;
  readonly input: unknown;
}

/** Cassettes by the input that was recorded, for a graph to be evaluated offline. */
export class CassetteDeck {
  private readonly slots: ReadonlyMap<string, Slot>;
  private readonly path: string;

  private constructor(path: string, slots: ReadonlyMap<string, Slot>) {
    this.path = path;
    this.slots = slots;
  }

  /**
   * Opens a file or a folder of cassettes.
   *
   * @throws UsageError what `readCassettes` throws, `CASSETTE_INPUT` for one without its input, and `CASSETTE_TWICE` for two
   * with the same input.
   */
  static async open(path: string): Promise<CassetteDeck> {
    const slots = new Map<string, Slot>();
    for (const { file, cassette } of await readCassettes(path)) {
      const recorded = recordedInput(cassette.trace);
      if (recorded.kind === 'unavailable') {
        throw new UsageError('CASSETTE_INPUT', `${file} cannot be played: ${recorded.reason}`, {
          hint: recorded.hint,
        });
      }
      const key = runInput(recorded.input).exactHash;
      const other = slots.get(key);
      if (other !== undefined) {
        throw new UsageError(
          'CASSETTE_TWICE',
          `${file} and ${other.file} were recorded with the same input.`,
          { hint: 'Remove one of them.' },
        );
      }
      slots.set(key, { file, cassette, input: recorded.input });
    }
    return new CassetteDeck(path, slots);
  }

  /** Number of cassettes. */
  get size(): number {
    return this.slots.size;
  }

  /**
   * Plays the cassette with this input on a graph. Nothing is called and nothing leaves the process.
   *
   * @throws NoVerdictError `CASSETTE_MISSING` when none has this input, `CASSETTE_STALE` when the graph makes other calls
   * than those that were recorded: their results say nothing about it.
   */
  async play(graph: ReplayableGraph, input: unknown, options: CassettePlayOptions): Promise<PlayedRecording> {
    const slot = this.slots.get(runInput(input).exactHash);
    if (slot === undefined) {
      throw new NoVerdictError(
        'CASSETTE_MISSING',
        `None of the ${this.size} cassettes in ${this.path} was recorded with this input.`,
        {
          hint: 'Record it: run the example with tracing, then sluice replay <trace-id> --graph <file#export> --save-cassette.',
        },
      );
    }
    const { file, cassette } = slot;
    const played = await playRecorded(graph, {
      ...options,
      recording: recordingOf(cassette.trace),
      input: slot.input,
      configurable: cassette.configurable,
    });
    const [reason] = strayCalls(played);
    if (reason === undefined) return played;
    throw new NoVerdictError('CASSETTE_STALE', `${file} does not fit the graph any more: ${reason}`, {
      hint: 'See all of them: sluice cassette verify. Record the run again and save it over this one.',
    });
  }
}
