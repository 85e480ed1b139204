/**
 * The shipped gate as a decision function of the gate simulation, for example:
 *
 *   node simulate.mjs --module gate=./bench/gate-sim-adapter.mjs#decide
 *
 * Input: `{ examples: [{ id, baseline: number[], candidate: number[] }], threshold, alpha, round, roundsLeft }`, one score per
 * repetition. Output: `{ verdict, more? }`; `more: 'all'` asks for another round of the whole set. Built first: `npm run build`.
 */
import { gate, wantsAnotherRound } from '../dist/evals/gate/index.js';

const KEY = 'score';
const evaluators = [{ key: KEY, direction: 'higher', range: [0, 1], gate: true, fingerprint: 'simulated' }];

/** The gate with the policy it is shipped with, except for what the simulation sets. */
export const decide = decideWith({});

/** The gate with another policy. */
export function decideWith(settings) {
  return ({ examples, threshold, alpha, round, roundsLeft }) => {
    const side = (name) => ({
      evaluators,
      timeoutMs: 60_000,
      examples: examples.map((example) => ({
        id: example.id,
        contentHash: 'simulated',
        critical: false,
        calls: example[name].map((score) => ({ status: 'answered', scores: { [KEY]: score } })),
      })),
    });
    const policy = {
      threshold,
      alpha,
      min: {},
      evaluators: {},
      maxExtraRounds: round + roundsLeft,
      ...settings,
    };
    const compared = { candidate: side('candidate'), baseline: side('baseline'), policy, suite: 'simulated' };
    if (wantsAnotherRound({ ...compared, roundsSoFar: round }).again)
      return { verdict: 'inconclusive', more: 'all' };
    const { status } = gate({ ...compared, rounds: { extra: round } });
    return { verdict: status === 'no_verdict' ? 'inconclusive' : status, blocked: status !== 'pass' };
  };
}
