// An agent that does not answer the same way twice, against a baseline of its own: what noise looks like, when the gate
// measures again, and the two ways to fail.
import { relative } from 'node:path';
import { type DemoHome, deploy, GRAPH, newestResults, runSluice } from './demo-agent.ts';

interface Act {
  readonly title: string;
  readonly rate: number;
  readonly seed: string;
  /** How the gate has to end. */
  readonly expected: { readonly exitCode: number; readonly label: string };
}

const BASELINE = { rate: 0.1, seed: '1' };

const ACTS: readonly Act[] = [
  {
    title: 'The same agent on a bad day: one run is beyond the limit, all rounds together are not',
    rate: 0.1,
    seed: '72',
    expected: { exitCode: 0, label: 'pass_weak' },
  },
  {
    title: 'A little worse: beyond the limit, but chance could still explain it',
    rate: 0.15,
    seed: '9',
    expected: { exitCode: 1, label: 'fail_unconfirmed' },
  },
  {
    title: 'Much worse: chance does not explain it',
    rate: 0.3,
    seed: '1',
    expected: { exitCode: 1, label: 'fail_confirmed' },
  },
];

/** Splits of the dataset: the baseline is of all examples, the gate takes a sample without critical ones. */
const SAMPLE = ['--split', 'sample'];

async function evaluate(
  { rate, seed }: { readonly rate: number; readonly seed: string },
  args: readonly string[],
  home: DemoHome,
): Promise<number> {
  // The flakiness is the offline model's: another model brings its own.
  const env = { SUPPORT_AGENT_FLAKINESS: String(rate), SUPPORT_AGENT_SEED: seed, OPENAI_API_KEY: '' };
  await using agent = await deploy(GRAPH, home, env);
  return await runSluice(
    ['eval', 'support-agent', '--target', `langserve:${agent.url}`, '--concurrency', '8', '--fresh', ...args],
    home,
  );
}

const percent = (rate: number) => `${Math.round(rate * 100)}%`;

/** Plays every act; resolves with 0 when each ended as the gate promises, else with 1. */
export async function flakyDemo(home: DemoHome, print: (line: string) => void): Promise<number> {
  print(
    `== Baseline: an agent that answers worse in ${percent(BASELINE.rate)} of its turns, 5 runs of each example\n`,
  );
  const measured = await evaluate(BASELINE, ['--repeats', '5', '--no-gate'], home);
  if (measured !== 0) return measured;
  const baseline = relative(process.cwd(), newestResults(home).file);

  const lines: string[] = [];
  let asPromised = true;
  for (const { title, rate, seed, expected } of ACTS) {
    print(`\n== ${title} (${percent(rate)} of its turns, seed ${seed})\n`);
    const exitCode = await evaluate({ rate, seed }, ['--baseline', baseline, ...SAMPLE], home);
    // An interruption ends the demo; every other code is part of the story.
    if (exitCode === 130) return exitCode;
    const { verdict } = newestResults(home).results;
    const { extra = 0, stopped = '' } = verdict?.rounds ?? {};
    const label = verdict?.label ?? 'no verdict';
    const isAsPromised = exitCode === expected.exitCode && label === expected.label;
    asPromised &&= isAsPromised;
    lines.push(
      `  ${percent(rate).padStart(4)}  ${label.padEnd(16)}  exit code ${exitCode}, ${extra} extra rounds (${stopped})` +
        (isAsPromised ? '' : `; expected ${expected.label} with exit code ${expected.exitCode}`),
    );
  }
  print(`\n== What the gate said, by the share of worse turns\n\n${lines.join('\n')}`);
  return asPromised ? 0 : 1;
}
