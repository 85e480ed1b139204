import { createInterface } from 'node:readline/promises';
import { type Logger, systemClock } from '../core/index.ts';
import type { CommandContext, Output } from './command.ts';
import { commands } from './commands/index.ts';
import { main } from './main.ts';

/** Runs the program in this process: the only code that touches argv, streams, signals and the exit code. */
export async function runProcess(argv: readonly string[], version: string): Promise<void> {
  const interruption = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    // A second one means now: what has been written so far stays.
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort(new Error(`Stopped by ${signal}.`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // `sluice traces list | head` closes the pipe early; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
  const stdout = output(process.stdout);
  const stderr = output(process.stderr);
  const context: CommandContext = {
    env: process.env,
    cwd: process.cwd(),
    stdout,
    stderr,
    clock: systemClock(),
    logger: stderrLogger(stderr),
    signal: interruption.signal,
    ask: process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal(interruption.signal) : undefined,
    program: [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)],
  };
  process.exitCode = await main(argv, commands, context, version);
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
}

/** On the error stream: the output may go to a file. */
function askOnTerminal(signal: AbortSignal): (question: string) => Promise<string> {
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    // While a line is read the terminal is in raw mode: Ctrl-C comes here and not as a signal.
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    try {
      return await terminal.question(question, { signal });
    } finally {
      terminal.close();
    }
  };
}

function output(stream: NodeJS.WriteStream): Output {
  const isTerminal = stream.isTTY === true;
  const noColor = process.env['NO_COLOR'] !== undefined && process.env['NO_COLOR'] !== '';
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    get columns() {
      return isTerminal ? (stream.columns ?? 80) : 80;
    },
    color: isTerminal && !noColor,
  };
}

function stderrLogger(stderr: Output): Logger {
  return {
    warn: (message) => stderr.write(`warning: ${message}\n`),
    error: (message) => stderr.write(`error: ${message}\n`),
  };
}
