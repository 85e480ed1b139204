import { type Clock, errorMessage, type Trace } from '../../core/index.ts';
import type { ExportResult, TraceExporter } from '../exporters/index.ts';
import { letterLine, readLetter } from './letter.ts';
import { LetterFile, type LetterText } from './letter-file.ts';
import { addLinesSafely } from './whole-lines.ts';

/** What a {@link Resend} needs. */
export interface ResendDeps {
  readonly exporter: TraceExporter;
  /** The file that letters are kept in which are not taken this time either. */
  readonly keptIn: string;
  readonly clock: Clock;
  /** Ends it early; what has not been taken by then is kept. */
  readonly signal: AbortSignal;
}

/** What has become of the letters. */
export interface ResendCounts {
  /** Taken by the receiver, and gone from the disk. */
  readonly sent: number;
  /** Refused for good once more. */
  readonly refused: number;
  /** What the receiver said to the first of those. */
  readonly refusal: string | undefined;
  /** Not taken, because of the setback. */
  readonly unsent: number;
  /** What ended it early. */
  readonly setback: string | undefined;
}

/** A letter that is on its way. */
interface Sending {
  readonly line: LetterText;
  readonly trace: Trace;
}

const BATCH = { count: 32, sizeBytes: 1024 * 1024 } as const;
/** A receiver that asks for longer is come back to by another call of the command. */
const LONGEST_WAIT_MS = 60_000;
const MAX_WAITS = 5;

/**
 * Sends the letters of taken files to the exporter once more, from the end of a file, which is cut off as far as they have
 * been taken: whenever the process is killed, what is left is still to be sent, and at most a batch of it a second time.
 */
export class Resend {
  private readonly deps: ResendDeps;
  private sent = 0;
  private refused = 0;
  private refusal: string | undefined;
  private unsent = 0;
  private setback: string | undefined;

  constructor(deps: ResendDeps) {
    this.deps = deps;
  }

  get counts(): ResendCounts {
    const { sent, refused, refusal, unsent, setback } = this;
    return { sent, refused, refusal, unsent, setback };
  }

  /** Goes through a taken file; after a setback, only to keep what is in it. @throws system errors. */
  async file(path: string): Promise<void> {
    const file = await LetterFile.read(path);
    if (file === undefined) return;
    for (let lines = file.last(BATCH); lines.length > 0; lines = file.last(BATCH)) {
      const kept = await this.batch(lines);
      // Kept before it is cut off: a letter may come to lie in both files, never in none.
      if (kept.length > 0) addLinesSafely(this.deps.keptIn, Buffer.concat(kept));
      await file.cut(lines.length);
    }
    // A file of empty lines.
    await file.cut(0);
  }

  /** Sends what can be sent. Returns the lines to keep. */
  private async batch(lines: readonly LetterText[]): Promise<readonly Buffer[]> {
    const kept: Buffer[] = [];
    const sending: Sending[] = [];
    for (const line of lines) {
      const letter = readLetter(line.text);
      if (letter.kind === 'letter') sending.push({ line, trace: letter.trace });
      else kept.push(line.bytes);
    }
    kept.push(...(await this.send(sending)));
    return kept;
  }

  private async send(letters: readonly Sending[]): Promise<readonly Buffer[]> {
    if (letters.length === 0) return [];
    if (this.setback === undefined) {
      const result = await this.attempt(letters.map(({ trace }) => trace));
      switch (result.kind) {
        case 'success':
          this.sent += letters.length;
          return [];
        case 'retryable':
          this.setback = errorMessage(result.error);
          break;
        default:
          return letters.length > 1 ? this.sendEach(letters) : letters.map((one) => this.keep(one, result));
      }
    }
    this.unsent += letters.length;
    return letters.map(({ line }) => line.bytes);
  }

  private async sendEach(letters: readonly Sending[]): Promise<readonly Buffer[]> {
    const kept: Buffer[] = [];
    for (const letter of letters) kept.push(...(await this.send([letter])));
    return kept;
  }

  private keep({ trace }: Sending, { error }: Extract<ExportResult, { error: unknown }>): Buffer {
    const { clock, exporter } = this.deps;
    const reason = errorMessage(error);
    this.refused += 1;
    this.refusal ??= reason;
    return letterLine({ timeMs: clock.now(), exporter: exporter.name, reason }, { trace });
  }

  /** One request, and more while the receiver asks to come back soon. */
  private async attempt(traces: readonly Trace[]): Promise<ExportResult> {
    const { exporter, clock, signal } = this.deps;
    for (let waits = 0; ; waits += 1) {
      const result = await exporter.export(traces, { signal });
      const waitMs = result.kind === 'retryable' ? result.retryAfterMs : undefined;
      if (waitMs === undefined || waitMs > LONGEST_WAIT_MS || waits === MAX_WAITS || signal.aborted) {
        return result;
      }
      // Rejects only when it is to end: then the result is still the one to give back.
      await clock.sleep(waitMs, signal).catch(() => undefined);
      if (signal.aborted) return result;
    }
  }
}
