import { z } from 'zod';
import { type Trace, traceSchema } from '../../core/index.ts';

/** Version of a line of a dead-letter file. */
export const DEAD_LETTER_SCHEMA_VERSION = 1;

/** What an exporter will never take by what it is, `trace` or `spans`, or the `text` of a record that could not be read. */
export type DeadLetter = Readonly<Record<string, unknown>>;

/** What is noted beside a letter. */
export interface LetterHead {
  /** When it was refused, in milliseconds since the epoch. */
  readonly timeMs: number;
  readonly exporter: string;
  /** What the receiver said. */
  readonly reason: string;
}

/** A line, read: a letter that can be sent, or why there is none. */
export type LetterReading =
  | (LetterHead & { readonly kind: 'letter'; readonly trace: Trace })
  | { readonly kind: 'damaged'; readonly problem: string };

const letterSchema = z.object({
  schemaVersion: z.literal(DEAD_LETTER_SCHEMA_VERSION),
  timeMs: z.number(),
  exporter: z.string(),
  reason: z.string(),
  trace: traceSchema.optional(),
});

/**
 * A letter as a line of its file: `{schemaVersion, timeMs, exporter, reason, trace}`, with `spans` in the place of `trace` for
 * what was recorded beside graphs, and `text` for a record that could not be read.
 */
export function letterLine({ timeMs, exporter, reason }: LetterHead, letter: DeadLetter): Buffer {
  const record = { schemaVersion: DEAD_LETTER_SCHEMA_VERSION, timeMs, exporter, reason, ...letter };
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** Reads what {@link letterLine} wrote, in this process or in another one. */
export function readLetter(line: string): LetterReading {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { kind: 'damaged', problem: 'it is not JSON' };
  }
  const parsed = letterSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'damaged', problem: `${issue?.path.join('.') || 'record'}: ${issue?.message}` };
  }
  const { timeMs, exporter, reason, trace } = parsed.data;
  if (trace === undefined) return { kind: 'damaged', problem: `it holds no trace: ${reason}` };
  return { kind: 'letter', timeMs, exporter, reason, trace };
}
