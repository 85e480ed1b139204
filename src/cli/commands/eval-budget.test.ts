import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvalProject, evalProject } from '../../../test/support/eval-project.ts';
import { baselineAccept } from './baseline-accept.ts';
import { evalCommand } from './eval.ts';

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalCommand, baselineAccept]);
});
afterEach(() => project[Symbol.asyncDispose]());

const ai = (tokens: number) => ({
  answer: 'Your order was refunded.',
  messages: [
    {
      type: 'ai',
      content: 'Your order was refunded.',
      usage_metadata: { input_tokens: tokens, output_tokens: 0 },
      response_metadata: { model_name: 'gpt-x' },
    },
  ],
});
const prices = { 'gpt-x': { inputPerMillion: 1_000, outputPerMillion: 4_000 } };

describe('a budget', () => {
  it.each([
    ['--budget-tokens', '1000', '1000 of 1000 tokens'],
    ['--budget-usd', '1', '$1.00 of $1.00'],
  ])('%s %s ends with 3, says so, and the run goes on with a larger one', async (flag, limit, said) => {
    await project.configure({ prices });
    project.reply = () => ({ output: ai(100) });
    const { exitCode, err } = await project.sluice(['eval', '--no-gate', flag, limit, '--concurrency', '1']);
    expect([exitCode, err]).toEqual([
      3,
      expect.stringContaining(`spent its budget (${said}) after 10 of 40 calls`),
    ]);
    expect(err).toContain('it resumes');
    expect((await project.sluice(['eval', '--no-gate', flag, '100000'])).exitCode).toBe(0);
    expect([...project.asked.values()].every((count) => count === 1)).toBe(true);
  });

  it('of time ends with 3', async () => {
    project.reply = (id) => ({ delayMs: id === 'e30' ? 20_000 : 0 });
    const { exitCode, err } = await project.sluice(['eval', '--no-gate', '--budget-time', '700ms']);
    expect([exitCode, err]).toEqual([3, expect.stringContaining('spent its budget (0.7 s)')]);
  });

  it('is taken from the suite, and a flag comes before it', async () => {
    await project.configure({ budget: { tokens: 200 } });
    project.reply = () => ({ output: ai(100) });
    expect((await project.sluice(['eval', '--no-gate'])).exitCode).toBe(3);
    expect((await project.sluice(['eval', '--no-gate', '--budget-tokens', '9999'])).exitCode).toBe(0);
  });

  it('of money without prices is refused before anything is run', async () => {
    const { exitCode, err } = await project.sluice(['eval', '--budget-usd', '1']);
    expect([exitCode, err]).toEqual([2, expect.stringContaining('needs prices')]);
    await project.configure({ prices: { x: { inputPerMillion: 1 } } });
    expect((await project.sluice(['eval'])).err).toContain('outputPerMillion');
    await project.configure({ budget: { dollars: 3 } });
    expect((await project.sluice(['eval'])).err).toContain('known are usd, tokens, timeMs');
    expect(project.asked.size).toBe(0);
  });

  it.each([
    ['--budget-usd', '0'],
    ['--budget-tokens', '0'],
    ['--budget-time', '0s'],
    ['--budget-usd', 'abc'],
  ])('refuses %s %s', async (...flag) => {
    expect((await project.sluice(['eval', ...flag])).exitCode).toBe(2);
  });
});

describe('a limit of the model provider', () => {
  const QUOTA = [
    {
      status: 500,
      answer: '{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}',
    },
    { output: { __error__: { message: '429 Rate limit reached for gpt-x' } } },
    { status: 429, answer: 'Too Many Requests' },
    { status: 500, answer: 'RateLimitError: 429 status code (no body)' },
  ];

  it.each(QUOTA)('%j is no regression: the run has no verdict', async (reply) => {
    await project.sluice(['eval', '--no-gate', '--repeats', '5']);
    await project.sluice(['baseline', 'accept']);
    project.reply = (id) => (Number(id.slice(1)) >= 34 ? reply : {});
    const some = await project.evalJson();
    expect(some.exitCode).toBe(3);
    expect(some.results.calls.filter(({ status }) => status === 'not_measured')).toHaveLength(6);
    project.reply = () => reply;
    const all = await project.sluice(['eval']);
    expect([all.exitCode, all.err]).toEqual([3, expect.stringContaining('answered none of its first')]);
    expect(all.err).toContain('model provider refuses');
  });

  it('is not seen in an ordinary failure', async () => {
    project.reply = (id) =>
      id === 'e1' ? { status: 500, answer: 'order 429 not found in this rate table' } : {};
    const { results } = await project.evalJson('--no-gate');
    expect(results.calls[1]?.status).toBe('agent_failed');
  });
});
