import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, seededRandom } from '../../core/index.ts';
import { datasetFingerprint } from '../datasets/index.ts';
import { noError } from '../evaluators/index.ts';
import type { Example } from '../example.ts';
import { EXPERIMENT_SCHEMA_VERSION, type ExperimentHead } from '../experiment.ts';
import type { Target, TargetResult } from '../targets/index.ts';
import { type RunExperimentOptions, type RunProgress, runExperiment } from './index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sluice-rounds-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const evaluators = [noError()];
const examples: Example[] = Array.from({ length: 6 }, (_, index) => ({
  id: `e${index}`,
  inputs: { index },
  metadata: { topic: index < 3 ? 'refund' : 7 },
}));

/** Time that passes by itself, one tick a look, and while something sleeps for less than a minute. */
function clockOf(tickMs = 0): Clock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => {
      now += tickMs;
      return now;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (ms < 60_000) resolve();
      }),
  };
}

function headOf(more: Partial<ExperimentHead> = {}): ExperimentHead {
  return {
    schemaVersion: EXPERIMENT_SCHEMA_VERSION,
    runId: 'run-1',
    suite: 'demo',
    dataset: 'demo.jsonl',
    datasetFingerprint: datasetFingerprint(examples),
    target: 'fake:',
    repeats: 2,
    timeoutMs: 60_000,
    evaluators: evaluators.map(({ key, direction, range, gate, fingerprint }) => ({
      key,
      direction,
      range: [...range],
      gate,
      fingerprint,
    })),
    startedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

function agent(reply: (count: number) => Partial<TargetResult> | 'hang' = () => ({})) {
  const asked: number[] = [];
  const target: Target = {
    spec: 'fake:',
    call(inputs, { signal }) {
      asked.push(Number(inputs['index']));
      const answer = reply(asked.length);
      if (answer === 'hang')
        return new Promise((_resolve, reject) => {
          signal.throwIfAborted();
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      return Promise.resolve({
        kind: 'answered',
        outputs: { answer: 'Done.' },
        latencyMs: 5,
        ...answer,
      } as TargetResult);
    },
    async close() {},
  };
  return { target, asked };
}

const wish = (rounds: number) => (soFar: { readonly rounds: { readonly extra: number } }) => ({
  again: soFar.rounds.extra < rounds,
  reason: 'close',
});

async function run(target: Target, more: Partial<RunExperimentOptions> = {}) {
  const experiment = await runExperiment({
    head: headOf(),
    examples,
    target,
    evaluators,
    runFolder: join(home, 'run-1'),
    concurrency: 1,
    maxRetries: 0,
    clock: clockOf(),
    random: seededRandom(1),
    signal: new AbortController().signal,
    ...more,
  });
  return { ...experiment, calls: [...experiment.calls] };
}

const journaled = () =>
  readFileSync(join(home, 'run-1', 'journal.jsonl'), 'utf8')
    .trimEnd()
    .split('\n').length - 1;
const repeatsOf = (calls: readonly { readonly exampleId: string; readonly repeat: number }[], id: string) =>
  calls.filter(({ exampleId }) => exampleId === id).map(({ repeat }) => repeat);

describe('extra rounds', () => {
  it('run the whole dataset once more and are pooled, the repeats of an example together', async () => {
    const { target, asked } = agent();
    const { calls, rounds } = await run(target, { nextRound: wish(2) });
    expect(rounds).toEqual({ extra: 2, budgetSpent: false });
    expect(asked).toHaveLength(6 * 2 + 6 * 2);
    expect(calls.map(({ exampleId }) => exampleId)).toEqual(
      examples.flatMap(({ id }) => Array.from({ length: 4 }, () => id)),
    );
    for (const { id } of examples) expect(repeatsOf(calls, id)).toEqual([0, 1, 2, 3]);
  });

  it('are decided on by all calls so far, and shown with their reason', async () => {
    const { target } = agent();
    const seen: number[] = [];
    const shown: RunProgress[] = [];
    await run(target, {
      nextRound: ({ calls, rounds }) => {
        seen.push(calls.length);
        return { again: rounds.extra < 1, reason: 'has_resolution 0.86 -> 0.80' };
      },
      onProgress: (progress) => shown.push(progress),
    });
    expect(seen).toEqual([12, 18]);
    expect(shown[0]).toMatchObject({ done: 0, total: 12 });
    expect(shown[0]?.extraRound).toBeUndefined();
    expect(shown.find(({ extraRound }) => extraRound !== undefined)).toMatchObject({
      done: 12,
      total: 18,
      extraRound: { number: 1, why: 'has_resolution 0.86 -> 0.80' },
    });
    expect(shown.at(-1)).toMatchObject({ done: 18, total: 18 });
  });

  it('that were stopped at any call go on there, and no finished call is made again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 23 }),
        fc.integer({ min: 1, max: 4 }),
        async (stopAt, concurrency) => {
          const runFolder = mkdtempSync(join(home, 'p-'));
          const interruption = new AbortController();
          const first = agent();
          let finished = 0;
          await expect(
            run(first.target, {
              runFolder,
              concurrency,
              nextRound: wish(2),
              signal: interruption.signal,
              onProgress: ({ call }) => {
                if (call === undefined) return;
                finished += 1;
                if (finished === stopAt) interruption.abort(new Error('stopped'));
              },
            }),
          ).rejects.toThrow('stopped');
          const second = agent();
          const { calls, rounds } = await run(second.target, { runFolder, concurrency, nextRound: wish(2) });
          expect(rounds?.extra).toBe(2);
          expect(calls).toHaveLength(24);
          expect(second.asked).toHaveLength(24 - stopAt);
        },
      ),
      { seed: 7, numRuns: 25 },
    );
  });

  it('that are no longer wanted on resume are left out', async () => {
    const { target } = agent();
    await run(target, { nextRound: wish(1) });
    expect(journaled()).toBe(18);
    const { calls, rounds } = await run(target);
    expect([calls.length, rounds?.extra]).toEqual([12, 0]);
  });

  it('keep the value of the cluster field with each call', async () => {
    const { target } = agent();
    const { calls } = await run(target, { clusterField: 'topic' });
    expect(calls[0]?.cluster).toBe('refund');
    expect(calls.at(-1)?.cluster).toBe('7');
    const { calls: without } = await run(target, { clusterField: 'no such', runFolder: join(home, 'other') });
    expect(without[0]?.cluster).toBeUndefined();
  });
});

const reporting = (tokens: number): Partial<TargetResult> =>
  ({
    outputs: {
      messages: [
        {
          type: 'ai',
          content: 'Done.',
          usage_metadata: { input_tokens: tokens - 1, output_tokens: 1, total_tokens: tokens },
          response_metadata: { model_name: 'gpt-x' },
        },
      ],
    },
  }) as Partial<TargetResult>;

describe('a budget', () => {
  it('of tokens ends the first round without a verdict, and the run goes on with a larger one', async () => {
    const { target, asked } = agent(() => reporting(100));
    await expect(run(target, { budget: { tokens: 500 } })).rejects.toMatchObject({
      code: 'BUDGET_SPENT',
      exitCode: 3,
      message: expect.stringContaining('(500 of 500 tokens) after 5 of 12 calls'),
    });
    expect([asked.length, journaled()]).toEqual([5, 5]);
    // What the first session took still counts.
    await expect(run(target, { budget: { tokens: 500 } })).rejects.toMatchObject({ code: 'BUDGET_SPENT' });
    expect(asked).toHaveLength(5);
    const { calls } = await run(target, { budget: { tokens: 5_000 } });
    expect([calls.length, asked.length]).toEqual([12, 12]);
  });

  it('that is reached with the last call is kept', async () => {
    const { target } = agent(() => reporting(100));
    expect((await run(target, { budget: { tokens: 1_200 } })).calls).toHaveLength(12);
  });

  it('lets calls under way finish: they are paid for', async () => {
    const { target, asked } = agent(() => reporting(100));
    await expect(run(target, { budget: { tokens: 500 }, concurrency: 4 })).rejects.toMatchObject({
      code: 'BUDGET_SPENT',
    });
    expect(journaled()).toBe(asked.length);
  });

  it('of money counts by the prices of the models', async () => {
    const prices = { 'gpt-x': { inputPerMillion: 1_000, outputPerMillion: 10_000 } };
    const { target } = agent(() => reporting(100));
    await expect(run(target, { budget: { usd: 0.3 }, prices })).rejects.toMatchObject({
      code: 'BUDGET_SPENT',
      message: expect.stringContaining('$0.33 of $0.30) after 3 of 12'),
    });
    await expect(
      run(target, { budget: { usd: 1 }, prices: { other: prices['gpt-x'] }, runFolder: join(home, 'x') }),
    ).rejects.toMatchObject({ code: 'PRICE_UNKNOWN', exitCode: 3 });
    const star = { '*': prices['gpt-x'] };
    const { calls } = await run(target, { budget: { usd: 9 }, prices: star, runFolder: join(home, 'y') });
    expect(calls[0]?.usage).toEqual({ inputTokens: 99, outputTokens: 1, usd: expect.closeTo(0.109) });
  });

  it('that cannot be kept for want of reports is no silent pass', async () => {
    const { target } = agent();
    await expect(run(target, { budget: { tokens: 500 } })).rejects.toMatchObject({
      code: 'USAGE_UNREPORTED',
      exitCode: 3,
    });
    expect((await run(target, { runFolder: join(home, 'without') })).calls).toHaveLength(12);
  });

  it('of time ends calls under way', async () => {
    const { target } = agent((count) => (count > 3 ? 'hang' : {}));
    await expect(run(target, { budget: { timeMs: 5_000 } })).rejects.toMatchObject({
      code: 'BUDGET_SPENT',
      message: expect.stringContaining('(5 s)'),
    });
  });

  it('of time that is over before the target says that it is there is spent, and no unknown error', async () => {
    const { target } = agent(() => ({}));
    const check = ({ signal }: { readonly signal?: AbortSignal } = {}) =>
      new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    await expect(run({ ...target, check }, { budget: { timeMs: 5_000 } })).rejects.toMatchObject({
      code: 'BUDGET_SPENT',
      message: expect.stringContaining('after 0 of 12 calls'),
    });
  });

  it('only ends the extra rounds, and one that would not fit is not begun', async () => {
    const { target, asked } = agent(() => reporting(100));
    const { calls, rounds } = await run(target, { budget: { tokens: 1_900 }, nextRound: wish(4) });
    expect(rounds).toEqual({ extra: 1, budgetSpent: true });
    expect([calls.length, asked.length]).toEqual([18, 18]);
  });

  it('that cuts an extra round leaves it out of the pool', async () => {
    const { target, asked } = agent((count) => reporting(count <= 12 ? 100 : 400));
    const { calls, rounds } = await run(target, { budget: { tokens: 1_800 }, nextRound: wish(1) });
    expect(rounds).toEqual({ extra: 0, budgetSpent: true });
    expect([calls.length, asked.length]).toEqual([12, 14]);
  });

  it('of time that cuts an extra round leaves it out of the pool', async () => {
    const { target } = agent((count) => (count > 12 ? 'hang' : {}));
    let lapse = () => {};
    const clock: Clock = {
      now: () => 0,
      sleep: (_ms, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          lapse = resolve;
        }),
    };
    const { calls, rounds } = await run(target, {
      clock,
      budget: { timeMs: 1_000 },
      nextRound: wish(1),
      onProgress: ({ extraRound }) => {
        if (extraRound !== undefined) lapse();
      },
    });
    expect([calls.length, rounds]).toEqual([12, { extra: 0, budgetSpent: true }]);
  });
});
