/**
 * How often does the shipped gate fail an agent that did not change, and pass one that is 10% worse? Seeded simulation at five
 * layouts (examples, baseline repeats x candidate repeats), beside the literal rule applied once, and the habit of running a
 * failed job once more. Exits 1 when the shipped default is worse than its published figures by more than 1.5 points.
 *
 *   npm run build && node bench/gate.mjs [--trials 2000]
 */
import { parseArgs } from 'node:util';
import { simulate } from '../test/support/gate-simulation.ts';
import { decide, decideWith } from './gate-sim-adapter.mjs';

const { values } = parseArgs({ options: { trials: { type: 'string', default: '2000' } } });
const trials = Number(values.trials);
if (!Number.isInteger(trials) || trials < 1) {
  console.error('--trials must be a whole number of at least 1.');
  process.exit(2);
}

const MAX_ROUNDS = 4;
const POINTS = 1.5;
const CALLS = 0.15;

/** Layouts with the figures of the default: false alarms %, false passes % at a drop of 10%, extra calls per example. */
const LAYOUTS = [
  { examples: 50, baselineRepeats: 1, candidateRepeats: 1, published: [9, 22, 0.8] },
  { examples: 50, baselineRepeats: 5, candidateRepeats: 1, published: [3, 12, 0.6] },
  { examples: 100, baselineRepeats: 5, candidateRepeats: 1, published: [2, 3, 0.4] },
  { examples: 200, baselineRepeats: 5, candidateRepeats: 1, published: [1, 0, 0.1] },
  { examples: 50, baselineRepeats: 5, candidateRepeats: 3, published: [2, 4, 0.5] },
];

const input = (examples, round) => ({
  examples,
  threshold: 0.05,
  alpha: 0.05,
  round,
  roundsLeft: MAX_ROUNDS - round,
});
const answer = ({ verdict, more }) => (more === 'all' ? 'again' : verdict);
const once = decideWith({ rerun: 'off' });

const RULES = {
  'literal rule, once': (examples, round) => answer(once(input(examples, round))),
  'literal rule, retry the job once': (examples, round) => {
    const last = examples.map((example) => ({
      ...example,
      candidate: round === 0 ? example.candidate : example.candidate.slice(-1),
    }));
    const { verdict } = once(input(last, 0));
    return verdict === 'fail' && round === 0 ? 'again' : verdict;
  },
  'the default (close)': (examples, round) => answer(decide(input(examples, round))),
};

function measure(layout, rule) {
  const scenario = { ...layout, mean: 0.85, correlation: 0.5 };
  const play = (drop, mechanism) => simulate({ ...scenario, drop, mechanism }, rule, { trials, seed: 1 });
  const same = play(0, 'uniform');
  const worse = [play(0.1, 'uniform'), play(0.1, 'cluster')];
  const passed = worse.reduce((sum, { failed }) => sum + (1 - failed) / worse.length, 0);
  return [100 * same.failed, 100 * passed, same.extraRounds];
}

const show = ([alarm, pass, extra]) => `${alarm.toFixed(1)} / ${pass.toFixed(1)} / ${extra.toFixed(1)}`;
const rows = Object.entries(RULES).map(([name, rule]) => [
  name,
  LAYOUTS.map((layout) => measure(layout, rule)),
]);
rows.push(['published', LAYOUTS.map(({ published }) => published)]);

console.log(
  `False alarm % / false pass % at a true drop of 10% / extra calls per example (${trials} trials)\n`,
);
const name = (layout) => `n=${layout.examples} ${layout.baselineRepeats}x${layout.candidateRepeats}`;
console.log(`| rule | ${LAYOUTS.map(name).join(' | ')} |`);
console.log(`| --- | ${LAYOUTS.map(() => '---').join(' | ')} |`);
for (const [rule, figures] of rows) console.log(`| ${rule} | ${figures.map(show).join(' | ')} |`);

const [, shipped] = rows.find(([rule]) => rule.startsWith('the default'));
const worse = LAYOUTS.filter(({ published }, index) => {
  const [alarm, pass, extra] = shipped[index];
  return alarm > published[0] + POINTS || pass > published[1] + POINTS || extra > published[2] + CALLS;
});
if (worse.length > 0) {
  console.error(`\nWorse than published at ${worse.map(name).join(', ')}.`);
  process.exit(1);
}
