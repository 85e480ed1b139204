/** One example as it stands in a file, before it is checked. */
export interface RawExample {
  readonly value: unknown;
  /** Line on which it begins, from 1. */
  readonly line: number;
  /** Line of the value at a path inside it; the nearest one above it where there is none. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** A mistake in how a file is written. */
export interface FormatIssue {
  readonly line: number;
  readonly field?: string;
  readonly message: string;
}

/** What a reader made of a file. Readers go on after a mistake where they can. */
export interface Reading {
  readonly examples: readonly RawExample[];
  readonly issues: readonly FormatIssue[];
}
