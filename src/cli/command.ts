import type { Clock, ExitCode, Logger } from '../core/index.ts';
import type { Flags, FlagValues } from './flag.ts';

/** A stream a command prints to. */
export interface Output {
  write(text: string): void;
  /** Whether a person is looking at it, so that a progress line may be redrawn. */
  readonly isTerminal: boolean;
  /** Width in columns; 80 when it is not a terminal. */
  readonly columns: number;
  /** Whether colour is wanted: a terminal, and NO_COLOR unset. */
  readonly color: boolean;
}

/**
 * Everything of the outside world that a command may touch, built once by the entry and faked in tests. Commands never
 * read `process` themselves.
 */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Working directory, absolute. */
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted by SIGINT or SIGTERM. A command that sees it stops early, keeps what it has and ends with 130. */
  readonly signal: AbortSignal;
  /** The command line that starts this program in a process of its own, without its arguments. */
  readonly program: readonly string[];
  /** Asks the person at the terminal and gives back what was typed; undefined where nobody can be asked. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

/** The work of a command: parsed flags in, exit code out. Throws SluiceError for what the user has to mend. */
export type CommandRun<Values> = (values: Values, context: CommandContext) => Promise<ExitCode>;

/** A command as the program and its help see it. Declares much, loads nothing until it is run. */
export interface Command {
  /** The words that call it, for example `['traces', 'list']`. */
  readonly path: readonly [string, ...string[]];
  readonly describe: string;
  /** In order. One whose schema accepts undefined is optional. */
  readonly positionals: Flags;
  readonly flags: Flags;
  /** Command lines with what they do, the first one the most common. At least one. */
  readonly examples: readonly (readonly [commandLine: string, does: string])[];
  /** Parses what was typed and runs. */
  run(typed: Readonly<Record<string, unknown>>, context: CommandContext): Promise<ExitCode>;
}

/** What {@link defineCommand} takes: a {@link Command} with typed flags and a lazy import of its work. */
export interface CommandDefinition<P extends Flags, F extends Flags> {
  readonly path: Command['path'];
  readonly describe: string;
  readonly positionals: P;
  readonly flags: F;
  readonly examples: Command['examples'];
  /** Imports the module that does the work: help and errors of usage must not pay for it. */
  readonly load: () => Promise<CommandRun<FlagValues<P> & FlagValues<F>>>;
}
