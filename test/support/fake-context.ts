import type { CommandContext, Output } from '../../src/cli/command.ts';
import { type Clock, silentLogger, systemClock } from '../../src/core/index.ts';

/** An output that keeps what is written to it. */
export interface CapturedOutput extends Output {
  readonly text: string;
}

function captured(look: Partial<Omit<Output, 'write'>>): CapturedOutput {
  let text = '';
  return {
    isTerminal: false,
    columns: 80,
    color: false,
    ...look,
    write: (more) => {
      text += more;
    },
    get text() {
      return text;
    },
  };
}

/** What {@link fakeContext} can be told; the rest is a process in `cwd` without a terminal or an environment. */
export interface FakeContextOptions {
  readonly cwd: string;
  readonly env?: CommandContext['env'];
  /** The present; default 0. */
  readonly nowMs?: number;
  /** How stdout looks; default a pipe. */
  readonly stdout?: Partial<Omit<Output, 'write'>>;
  /** What a person at the terminal answers; default nobody is there. */
  readonly ask?: CommandContext['ask'];
}

/** The outside world of a command, for tests: what it prints is in `stdout.text` and `stderr.text`. */
export function fakeContext(options: FakeContextOptions): CommandContext & {
  readonly stdout: CapturedOutput;
  readonly stderr: CapturedOutput;
} {
  const clock: Clock = { ...systemClock(), now: () => options.nowMs ?? 0 };
  const stderr = captured({});
  return {
    env: options.env ?? {},
    cwd: options.cwd,
    stdout: captured(options.stdout ?? {}),
    stderr,
    clock,
    logger: { ...silentLogger, warn: (message) => stderr.write(`warning: ${message}\n`) },
    signal: new AbortController().signal,
    program: [],
    ask: options.ask,
  };
}
