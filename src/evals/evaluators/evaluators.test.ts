import { createTrajectoryMatchEvaluator } from 'agentevals';
import fc from 'fast-check';
import { exactMatch as openevalsExactMatch } from 'openevals';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.ts';
import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import {
  BUILT_IN_NAMES,
  containsAll,
  type EvaluatorEntry,
  exactMatch,
  failureScores,
  hasResolution,
  latency,
  noError,
  scoreCall,
  toEvaluator,
  tokens,
  toolTrajectory,
} from './index.ts';

const lookUp = { type: 'ai', content: '', tool_calls: [{ name: 'lookup', args: { id: 7 }, id: 'c1' }] };
const found = { type: 'tool', content: 'found', tool_call_id: 'c1', name: 'lookup' };
const said = (content: unknown, more = {}) => ({ type: 'ai', content, tool_calls: [], ...more });

function args(
  outputs: Record<string, unknown>,
  reference?: Record<string, unknown>,
  inputs: Record<string, unknown> = { messages: [{ type: 'human', content: 'Hi' }] },
): EvaluatorArgs {
  return {
    run: {
      id: 'run-1',
      name: 'test',
      run_type: 'chain',
      inputs,
      outputs,
      start_time: 1_000,
      end_time: 1_250,
    },
    example: { id: 'a', inputs, ...(reference === undefined ? {} : { outputs: reference }) },
    inputs,
    outputs,
    referenceOutputs: reference,
  };
}

async function score(evaluator: Evaluator, ...given: Parameters<typeof args>) {
  return (await scoreCall(evaluator, args(...given)))[evaluator.key];
}
const scored = (value: number) => expect.objectContaining({ status: 'scored', score: value });
const notMeasured = (reason: RegExp) => ({
  status: 'not_measured',
  reason: expect.stringMatching(reason) as string,
});

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UsageError) return error.code;
    throw error;
  }
  return 'none';
}

describe('has_resolution', () => {
  it('reads the last AI message of this run', async () => {
    const messages = [{ type: 'human', content: 'Hi' }, lookUp, found, said('Your order was refunded.')];
    expect(await score(hasResolution(), { messages })).toEqual(scored(1));
    expect(await score(hasResolution(), { answer: 'It is resolved.' })).toEqual(scored(1));
    expect(await score(hasResolution(), { output: 'It is not resolved.' })).toEqual(scored(0));
    expect(
      await score(hasResolution(), { messages: [said([{ type: 'text', text: 'Escalated.' }])] }),
    ).toEqual(scored(1));
  });

  it('does not take an answer of an earlier turn for this one', async () => {
    const inputs = {
      messages: [
        { role: 'user', content: 'Refund me' },
        { role: 'assistant', content: 'It was refunded.' },
        { role: 'user', content: 'And now?' },
      ],
    };
    const before = [
      { type: 'human', content: 'Refund me' },
      said('It was refunded.'),
      { type: 'human', content: 'And now?' },
    ];
    expect(await score(hasResolution(), { messages: before }, undefined, inputs)).toEqual(scored(0));
    const after = [...before, said('It was escalated.')];
    expect(await score(hasResolution(), { messages: after }, undefined, inputs)).toEqual(scored(1));
  });

  it('expects no claim where the reference says so', async () => {
    const reference = { resolution: false };
    expect(await score(hasResolution(), { answer: 'I cannot do that.' }, reference)).toEqual(scored(1));
    expect(await score(hasResolution(), { answer: 'Refunded!' }, reference)).toEqual(scored(0));
    expect(await score(hasResolution(), { answer: 'Refunded!' }, { resolution: true })).toEqual(scored(1));
  });

  it('does not guess at a reference that is no boolean', async () => {
    expect(await score(hasResolution(), { answer: 'Refunded!' }, { resolution: 'no' })).toEqual(
      notMeasured(/outputs\.resolution/),
    );
  });

  it('has its words and key from its options, and another fingerprint for other words', async () => {
    const german = hasResolution({ words: ['erstattet'], key: 'geloest' });
    expect(await score(german, { answer: 'Wurde erstattet.' })).toEqual(scored(1));
    expect(german.key).toBe('geloest');
    expect(german.fingerprint).not.toBe(hasResolution().fingerprint);
    expect(hasResolution({ words: ['b', 'a'] }).fingerprint).toBe(
      hasResolution({ words: ['a', 'b'] }).fingerprint,
    );
  });

  it('refuses options it does not know', () => {
    expect(codeOf(() => hasResolution({ word: ['x'] } as never))).toBe('EVALUATOR_INVALID');
    expect(codeOf(() => hasResolution({ words: [] }))).toBe('EVALUATOR_INVALID');
  });
});

describe('contains', () => {
  it('wants every text and none of the others, whatever the case and form', async () => {
    const reference = { contains: ['ORDER 7', 'ｒefund'], notContains: ['sorry'] };
    expect(await score(containsAll(), { answer: 'Refund  of\norder 7 sent.' }, reference)).toEqual(scored(1));
    expect(await score(containsAll(), { answer: 'Sorry, order 7.' }, reference)).toEqual({
      status: 'scored',
      score: 0,
      comment: 'The answer lacks "ｒefund" and must not contain "sorry".',
    });
  });

  it('does not apply without a list and is not measured with a broken one', async () => {
    expect(await score(containsAll(), { answer: 'x' }, {})).toMatchObject({ status: 'not_applicable' });
    expect(await score(containsAll(), { answer: 'x' }, { contains: 7 })).toEqual(
      notMeasured(/outputs\.contains/),
    );
  });
});

describe('exact_match', () => {
  it.each([
    [{}, { answer: ' yes ' }, { answer: 'yes' }, 1],
    [{}, { answer: 'yes' }, { answer: 'no' }, 0],
    [{}, { b: 1, a: [1, { y: 1, x: 2 }] }, { a: [1, { x: 2, y: 1 }], b: 1 }, 1],
    [{ field: 'order.state' }, { order: { state: 'open' } }, { order: { state: 'open' } }, 1],
    [{ field: 'order.state' }, { order: {} }, { order: { state: 'open' } }, 0],
  ])('%j compares %j with %j: %d', async (options, outputs, reference, expected) => {
    expect(await score(exactMatch(options), outputs, reference)).toEqual(scored(expected));
  });

  it('does not apply without a reference', async () => {
    expect(await score(exactMatch(), { answer: 'x' })).toMatchObject({ status: 'not_applicable' });
    expect(await score(exactMatch({ field: 'b' }), { b: 1 }, { a: 1 })).toMatchObject({
      status: 'not_applicable',
    });
  });
});

describe('tool_trajectory', () => {
  const calling = (...names: string[]) => ({
    messages: names.map((name) => said('', { tool_calls: [{ name, args: {}, id: name }] })),
  });
  it.each([
    ['strict', ['a', 'b'], ['a', 'b'], 1],
    ['strict', ['b', 'a'], ['a', 'b'], 0],
    ['strict', [], [], 1],
    ['unordered', ['b', 'a'], ['a', 'b'], 1],
    ['unordered', ['a', 'a'], ['a', 'b'], 0],
    ['subset', ['a'], ['a', 'b'], 1],
    ['subset', ['a', 'a'], ['a', 'b'], 0],
    ['superset', ['a', 'b', 'c'], ['b', 'a'], 1],
    ['superset', ['a'], ['a', 'a'], 0],
  ] as const)('%s: called %j for %j is %d', async (mode, called, tools, expected) => {
    expect(await score(toolTrajectory({ mode }), calling(...called), { tools })).toEqual(scored(expected));
  });

  it('agrees with itself: strict implies unordered, which is subset and superset', async () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(names, names, async (called, tools) => {
        const is = async (mode: 'strict' | 'unordered' | 'subset' | 'superset') => {
          const result = await score(toolTrajectory({ mode }), calling(...called), { tools });
          return result?.status === 'scored' && result.score === 1;
        };
        if (await is('strict')) expect(await is('unordered')).toBe(true);
        expect(await is('unordered')).toBe((await is('subset')) && (await is('superset')));
      }),
    );
  });

  it('does not apply without a list of tools', async () => {
    expect(await score(toolTrajectory(), calling('a'), { answer: 'x' })).toMatchObject({
      status: 'not_applicable',
    });
  });
});

describe('no_error, latency and tokens', () => {
  it('reads them off the run', async () => {
    const usage = (total: number) => said('x', { usage_metadata: { total_tokens: total } });
    expect(await score(noError(), {})).toEqual(scored(1));
    expect(await score(latency(), {})).toEqual(scored(250));
    expect(await score(tokens(), { messages: [usage(10), found, usage(5)] })).toEqual(scored(15));
    expect(await score(tokens(), { messages: [said('x')] })).toMatchObject({ status: 'not_applicable' });
  });
});

describe('failureScores', () => {
  it('gives the worst score without asking, the time limit for latency, and none where there is no worst', () => {
    const ask = () => {
      throw new Error('asked');
    };
    const cost = toEvaluator({ key: 'cost', direction: 'lower', range: [0, 9], evaluate: ask });
    const scores = failureScores([hasResolution(), latency(), tokens(), cost], { timeoutMs: 5_000 });
    expect(scores).toEqual({
      has_resolution: scored(0),
      latency: scored(5_000),
      tokens: notMeasured(/no worst score/),
      cost: scored(9),
    });
  });
});

describe('scoreCall', () => {
  const returning = (value: unknown) =>
    toEvaluator({ key: 'k', evaluate: (() => value) as Evaluator['evaluate'] });
  it.each([
    [{ key: 'other', score: true }, scored(1)],
    [{ name: 'Factuality', score: 0.5 }, scored(0.5)],
    [
      { key: 'k', score: false, comment: 'why' },
      { status: 'scored', score: 0, comment: 'why' },
    ],
    [{ key: 'k', score: null }, { status: 'not_applicable' }],
    [{ key: 'k', value: 'text' }, { status: 'not_applicable' }],
    [{ score: Number.NaN }, notMeasured(/NaN/)],
    [{ score: Number.POSITIVE_INFINITY }, notMeasured(/Infinity/)],
    [{ score: '1' }, notMeasured(/a string/)],
    [{ score: 5 }, notMeasured(/outside of its range 0 to 1/)],
    [{ score: 1 + 1e-12 }, scored(1)],
    [undefined, notMeasured(/nothing/)],
    [1, notMeasured(/a number/)],
    [[], notMeasured(/empty list/)],
    [{ results: [] }, notMeasured(/empty list/)],
  ])('makes of %j %j', async (returned, expected) => {
    expect(await scoreCall(returning(returned), args({}))).toEqual({ k: expected });
  });

  it('keeps several results under names of their own and their mean under the key', async () => {
    const results = [
      { key: 'tone', score: 1 },
      { key: 'facts', score: 0 },
      { key: 'style', score: null },
    ];
    const expected = {
      k: scored(0.5),
      'k.tone': scored(1),
      'k.facts': scored(0),
      'k.style': { status: 'not_applicable' },
    };
    expect(await scoreCall(returning(results), args({}))).toEqual(expected);
    expect(await scoreCall(returning({ results }), args({}))).toEqual(expected);
    const broken = await scoreCall(returning([...results, { key: 'x', score: 'bad' }]), args({}));
    expect(broken['k']).toMatchObject({ status: 'not_measured' });
  });

  it('never throws, whatever an evaluator does, and gives a finite number in range or none', async () => {
    const throwing = toEvaluator({
      key: 'k',
      evaluate: () => {
        throw new Error('judge\nis down');
      },
    });
    expect(await scoreCall(throwing, args({}))).toEqual({
      k: { status: 'not_measured', reason: 'The evaluator threw: judge is down' },
    });
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.boolean(), async (value, asScore) => {
        const scores = await scoreCall(returning(asScore ? { score: value } : value), args({}));
        expect(scores['k']).toBeDefined();
        for (const each of Object.values(scores)) {
          if (each.status === 'scored') expect(each.score >= 0 && each.score <= 1).toBe(true);
        }
      }),
    );
  });
});

describe('toEvaluator', () => {
  it.each(BUILT_IN_NAMES)('makes the built-in %s of its name', (name) => {
    expect(toEvaluator(name).key).toBe(name);
  });

  it('calls both forms of langsmith evaluators', async () => {
    const seen: unknown[] = [];
    const modern = toEvaluator(function modern({ run, example, inputs, outputs, referenceOutputs }) {
      seen.push(run.id, example.id, inputs, outputs, referenceOutputs);
      return { key: 'modern', score: outputs.answer === referenceOutputs.answer };
    });
    const legacy = toEvaluator(function legacy(run, example) {
      return { key: 'legacy', score: run.outputs.answer === example.outputs.answer };
    });
    const given = args({ answer: 'x' }, { answer: 'x' }, { q: 1 });
    expect(await scoreCall(modern, given)).toEqual({ modern: scored(1) });
    expect(seen).toEqual(['run-1', 'a', { q: 1 }, { answer: 'x' }, { answer: 'x' }]);
    expect(await scoreCall(legacy, given)).toEqual({ legacy: scored(1) });
  });

  it('runs an openevals evaluator unchanged', async () => {
    const same = toEvaluator({ key: 'exact', evaluate: openevalsExactMatch });
    expect(await score(same, { answer: 'x' }, { answer: 'x' })).toEqual(scored(1));
    expect(await score(same, { answer: 'x' }, { answer: 'y' })).toEqual(scored(0));
  });

  it('runs an agentevals trajectory match on plain messages, against plain and OpenAI references', async () => {
    const outputs = { messages: [{ type: 'human', content: 'Hi' }, lookUp, found, said('Done.')] };
    const openai = (name: string) => ({
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: '', tool_calls: [{ function: { name, arguments: '{"id":7}' } }] },
        { role: 'tool', content: 'found' },
        { role: 'assistant', content: 'Done.' },
      ],
    });
    const plain = (name: string) => ({
      messages: [
        { type: 'human', content: 'Hi' },
        { ...lookUp, tool_calls: [{ name, args: { id: 7 }, id: 'x' }] },
        found,
        said('Done.'),
      ],
    });
    for (const trajectoryMatchMode of ['strict', 'unordered', 'subset', 'superset'] as const) {
      const evaluator = toEvaluator({
        key: 'trajectory',
        evaluate: createTrajectoryMatchEvaluator({ trajectoryMatchMode }),
      });
      expect(await score(evaluator, outputs, openai('lookup'))).toEqual(scored(1));
      expect(await score(evaluator, outputs, openai('refund'))).toEqual(scored(0));
      expect(await score(evaluator, outputs, plain('lookup'))).toEqual(scored(1));
      expect(await score(evaluator, outputs, plain('refund'))).toEqual(scored(0));
    }
  });

  it('passes an evaluator through and can be applied twice', () => {
    const once = toEvaluator({ key: 'k', evaluate: () => ({ score: 1 }), gate: false });
    expect(toEvaluator(once)).toEqual(once);
    const builtIn = latency();
    expect(toEvaluator(builtIn)).toEqual(builtIn);
  });

  it('sees a changed function in the fingerprint, and a version in its place', () => {
    const print = (entry: EvaluatorEntry) => toEvaluator(entry).fingerprint;
    const a = { key: 'k', evaluate: () => ({ score: 1 }) };
    const b = { key: 'k', evaluate: () => ({ score: 0 }) };
    expect(print(a)).not.toBe(print(b));
    expect(print({ ...a, version: '1' })).toBe(print({ ...b, version: '1' }));
    expect(print({ ...a, version: '1' })).not.toBe(print({ ...a, version: '2' }));
  });

  it.each([
    ['unknown name', 'has_resolutoin', 'EVALUATOR_UNKNOWN'],
    ['null', null, 'EVALUATOR_INVALID'],
    ['unknown key', { key: 'k', evaluate: () => ({}), directon: 'lower' }, 'EVALUATOR_INVALID'],
    ['no function', { key: 'k' }, 'EVALUATOR_INVALID'],
    ['upside-down range', { key: 'k', evaluate: () => ({}), range: [1, 0] }, 'EVALUATOR_INVALID'],
    ['no name', [() => ({ score: 1 })][0], 'EVALUATOR_INVALID'],
    ['a name of a library', createTrajectoryMatchEvaluator({}), 'EVALUATOR_INVALID'],
  ])('refuses %s', (_what, entry, code) => {
    expect(codeOf(() => toEvaluator(entry as never))).toBe(code);
  });
});
