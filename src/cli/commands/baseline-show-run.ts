import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import Table from 'cli-table3';
import { EXIT, type ExitCode, errorMessage, hasErrorCode, UsageError } from '../../core/index.ts';
import { type Baseline, baselinePath, readBaseline, summarizeBaseline } from '../../evals/baseline/index.ts';
import { formatScore } from '../../evals/gate/index.ts';
import { plainText } from '../../evals/reports/index.ts';
import type { CommandContext } from '../command.ts';
import { formatDuration } from '../progress.ts';
import type { BaselineShowValues } from './baseline-show.ts';

const DAY_MS = 86_400_000;

/** Prints a baseline. */
export async function runBaselineShow(
  values: BaselineShowValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { cwd, clock, stdout } = context;
  const suite = values.suite ?? (await onlySuite(cwd));
  const baseline = await readBaseline(cwd, suite);
  if (baseline === undefined)
    throw new UsageError('BASELINE_MISSING', `The suite ${suite} has no baseline yet.`, {
      hint: `Run it and accept the run: sluice eval ${suite} && sluice baseline accept --suite ${suite}`,
    });
  const ageMs = Math.max(0, clock.now() - Date.parse(baseline.acceptedAt));
  stdout.write(values.json ? toJson(baseline, ageMs) : toText(baseline, ageMs));
  return EXIT.pass;
}

async function onlySuite(cwd: string): Promise<string> {
  const suites = await baselineSuites(cwd);
  const [only, other] = suites;
  if (only === undefined)
    throw new UsageError('BASELINE_MISSING', 'There is no baseline in datasets/baselines.', {
      hint: 'Run a suite and accept the run: sluice eval, then sluice baseline accept',
    });
  if (other !== undefined)
    throw new UsageError('SUITE_AMBIGUOUS', `Which suite? There are baselines of ${suites.join(', ')}.`, {
      hint: `Name one: sluice baseline show ${only}`,
    });
  return only;
}

async function baselineSuites(cwd: string): Promise<string[]> {
  try {
    const names = await readdir(dirname(baselinePath(cwd, 'any')));
    return names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return [];
    throw new UsageError('BASELINE_UNREADABLE', errorMessage(error), { cause: error });
  }
}

function toJson(baseline: Baseline, ageMs: number): string {
  const { examples, evaluators, ...head } = baseline;
  const shown = { ...head, ageMs, examples: examples.length, scores: summarizeBaseline(baseline) };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

function toText(baseline: Baseline, ageMs: number): string {
  const table = new Table({
    head: ['evaluator', 'mean', 'examples', 'better', 'gate'],
    style: { head: [], border: [], compact: true },
  });
  for (const { key, mean, n, direction, gate } of summarizeBaseline(baseline))
    table.push([
      plainText(key, 60),
      mean === null ? '–' : formatScore(mean),
      n,
      direction,
      gate ? 'yes' : 'advisory',
    ]);
  const critical = baseline.examples.filter((example) => example.critical === true).length;
  const age = ageMs >= 2 * DAY_MS ? `${Math.floor(ageMs / DAY_MS)} days` : formatDuration(ageMs);
  return [
    `Baseline of ${baseline.suite}`,
    `  accepted  ${baseline.acceptedAt} (${age} ago)`,
    `  run       ${plainText(baseline.runId)}, finished ${baseline.finishedAt}`,
    `  examples  ${baseline.examples.length} x ${baseline.repeats}, ${critical} critical (outside the means)`,
    `  dataset   ${plainText(baseline.dataset)}`,
    `  target    ${plainText(baseline.target)}`,
    `  commit    ${plainText(baseline.commit ?? 'unknown')}`,
    table.toString(),
    '',
  ].join('\n');
}
