import Table from 'cli-table3';
import { EXIT, type ExitCode, UsageError } from '../../core/index.ts';
import {
  type Baseline,
  baselineAgeDays,
  baselineSight,
  baselineSuites,
  readBaseline,
  summarizeBaseline,
} from '../../evals/baseline/index.ts';
import {
  BASELINE_REPEATS,
  DEFAULT_BASELINE_MAX_AGE_DAYS,
  DEFAULT_THRESHOLD,
  formatPercent,
  formatScore,
} from '../../evals/gate/index.ts';
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
  const nowMs = clock.now();
  stdout.write(values.json ? toJson(baseline, nowMs) : toText(baseline, nowMs));
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

/** What the literal rule with its default limit sees in a run of so many runs of each example. */
const SHOWN_REPEATS = [1, 3] as const;
const POLICY = { threshold: DEFAULT_THRESHOLD, evaluators: {} };

function toJson(baseline: Baseline, nowMs: number): string {
  const { examples, evaluators, ...head } = baseline;
  const scores = summarizeBaseline(baseline).map((score) => ({
    ...score,
    sees: SHOWN_REPEATS.map((repeats) => ({
      repeats,
      ...(baselineSight(baseline, score, { repeats, policy: POLICY }) ?? {
        falseAlarm: null,
        detectableDrop: null,
      }),
    })),
  }));
  const ageMs = Math.max(0, nowMs - Date.parse(baseline.acceptedAt));
  const runAgeDays = baselineAgeDays(baseline, nowMs);
  return `${JSON.stringify({ ...head, ageMs, runAgeDays, examples: examples.length, scores }, null, 2)}\n`;
}

function toText(baseline: Baseline, nowMs: number): string {
  const table = new Table({
    head: [
      'evaluator',
      'mean',
      'examples',
      'better',
      'gate',
      ...SHOWN_REPEATS.map((repeats) => `sees, x ${repeats}`),
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const score of summarizeBaseline(baseline)) {
    const { key, mean, n, direction, gate } = score;
    const sees = SHOWN_REPEATS.map((repeats) => {
      const sight = baselineSight(baseline, score, { repeats, policy: POLICY });
      return sight === null ? '–' : formatPercent(sight.detectableDrop);
    });
    table.push([
      plainText(key, 60),
      mean === null ? '–' : formatScore(mean),
      n,
      direction,
      gate ? 'yes' : 'advisory',
      ...sees,
    ]);
  }
  let critical = 0;
  for (const example of baseline.examples) if (example.critical === true) critical += 1;
  const ageMs = Math.max(0, nowMs - Date.parse(baseline.acceptedAt));
  const age = ageMs >= 2 * DAY_MS ? `${Math.floor(ageMs / DAY_MS)} days` : formatDuration(ageMs);
  const old =
    baselineAgeDays(baseline, nowMs) >= DEFAULT_BASELINE_MAX_AGE_DAYS ? '; old: record it again' : '';
  return [
    `Baseline of ${baseline.suite}`,
    `  accepted  ${baseline.acceptedAt} (${age} ago${old})`,
    `  run       ${plainText(baseline.runId)}, finished ${baseline.finishedAt}`,
    `  examples  ${baseline.examples.length} x ${baseline.repeats}, ${critical} critical (outside the means)`,
    `  dataset   ${plainText(baseline.dataset)}`,
    `  target    ${plainText(baseline.target)}`,
    `  commit    ${plainText(baseline.commit ?? 'unknown')}`,
    table.toString(),
    baseline.repeats < BASELINE_REPEATS
      ? `${baseline.repeats} run${baseline.repeats === 1 ? '' : 's'} of each example: its noise stays in every comparison. Record ${BASELINE_REPEATS}: sluice eval ${baseline.suite} --repeats ${BASELINE_REPEATS}`
      : `sees: the smallest change for the worse that fails in 80% of runs, by repeats of the run, at a limit of ${formatPercent(DEFAULT_THRESHOLD)}.`,
    '',
  ].join('\n');
}
