import { relative, resolve } from 'node:path';
import { EXIT, type ExitCode } from '../../core/index.ts';
import { loadGraph } from '../../loading/index.ts';
import {
  type CassetteVerdict,
  DEFAULT_CASSETTE_FOLDER,
  DEFAULT_REPLAY_TIMEOUT_MS,
  readCassettes,
  verifyCassette,
} from '../../replay/index.ts';
import { shutdown } from '../../tracing/index.ts';
import type { CommandContext } from '../command.ts';
import { colorsFor, formatCount, plainLine, safeJson } from '../trace-view/index.ts';
import type { CassetteVerifyValues } from './cassette-verify.ts';

interface Checked extends CassetteVerdict {
  readonly file: string;
}

/**
 * Plays cassettes on a graph, offline, and prints which still fit it.
 *
 * @throws UsageError for a file that is no cassette, a folder without any, or a graph that cannot be loaded.
 */
export async function runCassetteVerify(
  values: CassetteVerifyValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { cwd, stdout, signal, clock } = context;
  const paths = values.files.length === 0 ? [DEFAULT_CASSETTE_FOLDER] : values.files;
  const cassettes = (await Promise.all(paths.map((path) => readCassettes(resolve(cwd, path))))).flat();
  const graph = await loadGraph(values.graph, { cwd });
  const checked: Checked[] = [];
  try {
    for (const { file, cassette } of cassettes) {
      signal.throwIfAborted();
      const timeoutMs = values.timeout ?? DEFAULT_REPLAY_TIMEOUT_MS;
      const verdict = await verifyCassette(cassette, { graph, timeoutMs, signal, clock });
      checked.push({ file: relative(cwd, resolve(cwd, file)), ...verdict });
    }
  } finally {
    await shutdown();
  }
  stdout.write(values.json ? `${safeJson(checked)}\n` : render(checked, stdout.color));
  const has = (status: CassetteVerdict['status']) => checked.some((each) => each.status === status);
  return has('stale') ? EXIT.gateFailed : has('unplayable') ? EXIT.noVerdict : EXIT.pass;
}

function render(checked: readonly Checked[], color: boolean): string {
  const colors = colorsFor(color);
  const paint = { fresh: colors.green, stale: colors.red, unplayable: colors.yellow };
  const lines = checked.flatMap(({ file, status, reasons }) => [
    `${paint[status](status.padEnd(10))}  ${plainLine(file)}`,
    ...reasons.map((reason) => `            ${plainLine(reason)}`),
  ]);
  const stale = checked.filter(({ status }) => status !== 'fresh').length;
  const summary =
    stale === 0
      ? `${formatCount(checked.length, 'cassette')}, all fresh.`
      : `${stale} of ${formatCount(checked.length, 'cassette')} to be recorded again.`;
  return `${[...lines, '', summary].join('\n')}\n`;
}
