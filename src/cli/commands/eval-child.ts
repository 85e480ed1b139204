import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CommandContext } from '../command.ts';
import type { EvalValues } from './eval.ts';

/** A run in a process of its own. */
export interface EvalChild {
  /** Resolves when the process has ended; without a run id it did not come so far. */
  readonly ended: Promise<{ readonly runId: string | undefined }>;
  /** Ends the process. Idempotent. */
  stop(): Promise<void>;
}

const RUN_ID = /^(?:Run|Resuming run) ([0-9a-f-]{36})\b/m;

/** Starts `sluice eval --no-gate --fresh` as a process. What it prints is printed here. It ends with the context's signal. */
export function startEval(
  values: EvalValues,
  { env, cwd, stdout, stderr, signal, program }: CommandContext,
): EvalChild {
  const [command = '', ...before] = program;
  const child = spawn(command, [...before, 'eval', ...argumentsOf(values)], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.write(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    // The id is in its first line; a long run has many more.
    if (said.length < 10_000) said += text;
    stderr.write(text);
  });
  const onAbort = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', onAbort, { once: true });
  const ended = once(child, 'close').then(() => {
    signal.removeEventListener('abort', onAbort);
    return { runId: RUN_ID.exec(said)?.[1] };
  });
  return {
    ended,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function argumentsOf(values: EvalValues): string[] {
  const { suite, config, target, split, repeats, concurrency, timeout, cache } = values;
  const { budgetUsd, budgetTokens, budgetTime } = values;
  const valued = {
    config,
    target,
    split,
    repeats,
    concurrency,
    timeout: timeout === undefined ? undefined : `${timeout}ms`,
    'budget-usd': budgetUsd,
    'budget-tokens': budgetTokens,
    'budget-time': budgetTime === undefined ? undefined : `${budgetTime}ms`,
  };
  return [
    ...(suite === undefined ? [] : [suite]),
    ...Object.entries(valued).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    '--no-gate',
    '--fresh',
    ...(cache ? ['--cache'] : []),
  ];
}
