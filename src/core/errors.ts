/** Exit codes of the `sluice` command. */
export const EXIT = { pass: 0, gateFailed: 1, usage: 2, noVerdict: 3, interrupted: 130 } as const;

/** One of the exit codes of the `sluice` command. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Options of {@link SluiceError}. */
export interface SluiceErrorOptions {
  /** What the reader can do about it: a command, a flag, an edit. Printed on a line of its own. */
  readonly hint?: string | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Base of every error this package throws on purpose. `code` is stable and meant to be tested for; `message` is one
 * line that names the file, line, field or flag; `exitCode` is what the command ends with when nothing handles it.
 */
export class SluiceError extends Error {
  /** Stable, upper snake case, for example `DATASET_INVALID`. */
  readonly code: string;
  /** The exit code the `sluice` command ends with. */
  readonly exitCode: ExitCode;
  /** What the reader can do about it. Declared only: Node prints every own member of an error that nobody caught. */
  declare readonly hint?: string;

  constructor(code: string, message: string, exitCode: ExitCode, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    if (options.hint !== undefined) this.hint = options.hint;
  }
}

/** Wrong usage or configuration: the caller has to change a flag, a file or a setting. Exit code 2. */
export class UsageError extends SluiceError {
  constructor(code: string, message: string, options?: SluiceErrorOptions) {
    super(code, message, EXIT.usage, options);
  }
}

/** No verdict or result could be reached: something needed was missing or did not answer. Exit code 3. */
export class NoVerdictError extends SluiceError {
  constructor(code: string, message: string, options?: SluiceErrorOptions) {
    super(code, message, EXIT.noVerdict, options);
  }
}

/** The message of anything that was thrown, as one line. */
export function errorMessage(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** True for a system error with this code, for example `ENOENT`. */
export function hasErrorCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}
