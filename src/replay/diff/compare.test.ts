import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyTrace } from '../../../test/support/any-trace.ts';
import { makeSpan, makeTrace } from '../../../test/support/traces.ts';
import type { Span, Trace } from '../../core/index.ts';
import { diffTraces } from './trace-diff.ts';

const START = Date.UTC(2026, 0, 5, 12);
let ids = 0;
const span = (fields: Partial<Span>): Span => {
  ids += 1;
  return makeSpan({
    id: `span-${ids}`,
    parentId: 'root',
    startTimeMs: START + ids,
    endTimeMs: START + ids,
    ...fields,
  });
};
const node = (name: string, step: number, fields: Partial<Span> = {}) =>
  span({
    name,
    node: name,
    type: 'node',
    step,
    tags: [`graph:step:${step}`],
    inputs: {},
    outputs: {},
    ...fields,
  });
const run = (spans: readonly Span[], fields: Partial<Trace> = {}, root: Partial<Span> = {}): Trace =>
  makeTrace({
    id: 'root',
    startTimeMs: START,
    endTimeMs: START + 1_000,
    ...fields,
    spans: [makeSpan({ id: 'root', inputs: {}, outputs: {}, startTimeMs: START, ...root }), ...spans],
  });
const model = (parent: Span, prompt: string, fields: Partial<Span> = {}) =>
  span({
    parentId: parent.id,
    type: 'llm',
    name: 'ChatFake',
    inputs: { messages: [[{ type: 'system', content: prompt }]] },
    outputs: { generations: [] },
    ...fields,
  });
const summaries = (before: Trace, after: Trace) =>
  diffTraces(before, after).divergences.map(({ summary }) => summary);

/** Two runs that differ in the output of one node. */
const outputs = (before: unknown, after: unknown, times: readonly [number, number] = [START, START]) =>
  summaries(
    run([node('a', 1, { outputs: before })], { startTimeMs: times[0], endTimeMs: times[0] + 1_000 }),
    run([node('a', 1, { outputs: after })], { startTimeMs: times[1], endTimeMs: times[1] + 1_000 }),
  );

describe('what is no difference', () => {
  it('any trace and itself, and no pair of traces makes it throw', () => {
    fc.assert(
      fc.property(anyTrace, anyTrace, (a, b) => {
        expect(diffTraces(a, a).first).toBeUndefined();
        diffTraces(a, b);
      }),
      { seed: 11, numRuns: 150 },
    );
  });

  it('ids that were made up, in a field or in a text', () => {
    const made = () => `run-${crypto.randomUUID()}`;
    expect(outputs({ key: made() }, { key: made() })).toEqual([]);
    const message = (id: string, call: string) => ({
      messages: [
        { type: 'ai', id, content: 'x', tool_calls: [{ id: call, name: 't', args: {} }] },
        { type: 'tool', id, content: 'y', tool_call_id: call },
      ],
    });
    expect(outputs(message('m1', 'call_abc'), message('m2', 'call_xyz'))).toEqual([]);
  });

  it('the moment of the run, as a number, as a moment and as the day', () => {
    const later = START + 40 * 86_400_000;
    const at = (timeMs: number) => ({
      millis: timeMs + 5,
      seconds: Math.floor(timeMs / 1_000),
      prompt: `It is ${new Date(timeMs + 5).toISOString()}, a ${new Date(timeMs).toISOString().slice(0, 10)}.`,
    });
    expect(outputs(at(START), at(later), [START, later])).toEqual([]);
  });

  it('the form that a message is in, and what was not recorded', () => {
    const serialized = {
      lc: 1,
      type: 'constructor',
      id: ['x', 'HumanMessage'],
      kwargs: { content: 'hi', id: 'q' },
    };
    expect(outputs({ messages: [serialized] }, { messages: [{ role: 'user', content: 'hi' }] })).toEqual([]);
    const hidden = node('a', 1, { outputs: undefined, gaps: [{ field: 'outputs', reason: 'hidden' }] });
    expect(summaries(run([hidden]), run([node('a', 1, { outputs: { x: 1 } })]))).toEqual([]);
    const slim = node('a', 1, { inputs: undefined });
    expect(summaries(run([slim]), run([node('a', 1, { inputs: { x: 1 } })]))).toEqual([]);
  });

  it('who of several nodes or calls at the same time came first', () => {
    const [a, b] = [node('a', 1), node('b', 1)];
    expect(summaries(run([a, b]), run([b, a]))).toEqual([]);
    const [one, two] = [node('a', 1), node('a', 1)];
    const parallel = { startTimeMs: START, endTimeMs: START + 500 };
    const first = [model(one, 'p', parallel), model(one, 'q', parallel)];
    const second = [model(two, 'q', parallel), model(two, 'p', parallel)];
    expect(summaries(run([one, ...first]), run([two, ...second]))).toEqual([]);
  });
});

describe('what is a difference', () => {
  it('an id or a date of the run that was replaced by another one of it', () => {
    const [mine, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const known = { mine, other };
    expect(outputs({ ...known, order: mine }, { ...known, order: other })).toEqual([
      'node a: what it wrote to the state changed here: order',
    ]);
    expect(outputs({ day: '2019-01-01' }, { day: '2019-01-02' })).toHaveLength(1);
  });

  it('calls one after the other that are made in another order', () => {
    const at = (ms: number) => ({ startTimeMs: START + ms, endTimeMs: START + ms + 1 });
    const [one, two] = [node('a', 1), node('a', 1)];
    const before = run([one, model(one, 'p', at(10)), model(one, 'q', at(20))]);
    const after = run([two, model(two, 'q', at(10)), model(two, 'p', at(20))]);
    expect(summaries(before, after)).toEqual([
      'node a, model call 1: the calls come in another order from here',
    ]);
  });

  it('the second call of a node, after a repeated visit, by its number over the run', () => {
    const build = (prompt: string) => {
      const [first, second] = [node('a', 1), node('a', 3)];
      return run([first, model(first, 'p'), node('b', 2), second, model(second, prompt)]);
    };
    const { first } = diffTraces(build('x\nq\ny'), build('x\nchanged\ny'));
    expect(first?.summary).toBe('node a, model call 2: the prompt changed here');
    expect(first?.place).toEqual({
      node: 'a',
      visit: 2,
      call: { kind: 'model', name: 'ChatFake', ordinal: 2 },
    });
    expect(first?.changes[0]?.text).toEqual([
      { mark: 'same', text: 'x' },
      { mark: 'removed', text: 'q' },
      { mark: 'added', text: 'changed' },
      { mark: 'same', text: 'y' },
    ]);
  });

  it('a call in a subgraph, by the path of its nodes', () => {
    const build = (prompt: string) => {
      const outer = node('outer', 1);
      const graph = span({ parentId: outer.id, type: 'graph', name: 'sub' });
      const inner = node('inner', 1, { parentId: graph.id });
      return run([outer, graph, inner, model(inner, prompt)]);
    };
    const diff = diffTraces(build('p'), build('q'));
    expect(diff.first?.summary).toBe('node outer/inner, model call 1: the prompt changed here');
    expect(diff.rows.map(({ depth, kind, name, mark }) => [depth, kind, name, mark])).toEqual([
      [0, 'node', 'outer', 'same'],
      [1, 'node', 'inner', 'same'],
      [2, 'model', 'ChatFake', 'changed'],
    ]);
  });

  it('one of several branches of the same node', () => {
    const branch = (item: number, extra = 0) =>
      node('each', 1, { inputs: { item }, outputs: { done: item + extra } });
    const diff = diffTraces(
      run([branch(1), branch(2), branch(3)]),
      run([branch(3), branch(2, 40), branch(1)]),
    );
    expect(diff.divergences).toHaveLength(1);
    expect(diff.first?.changes).toMatchObject([{ path: 'done', before: 2, after: 42 }]);
  });

  it('the failure of a node, and not the calls that it did not come to', () => {
    const [fine, failed] = [
      node('a', 1),
      node('a', 1, { outcome: 'error', error: { name: 'TypeError', message: 'x is not a function\nat y' } }),
    ];
    const before = run([fine, model(fine, 'p'), node('b', 2)]);
    const after = run([failed]);
    expect(summaries(before, after)).toEqual([
      'node a: it fails here: TypeError: x is not a function',
      'node a: after it, b does not run any more',
    ]);
    expect(summaries(after, before)[0]).toBe(
      'node a: it does not fail here any more: TypeError: x is not a function',
    );
  });

  it('a field inside of JSON that a tool answered as text', () => {
    const before = outputs({ r: '{"ok":true,"sum":1}' }, { r: '{"ok":true,"sum":2}' });
    expect(before).toHaveLength(1);
    const build = (r: string) => run([node('a', 1, { outputs: { r } })]);
    const { first } = diffTraces(build('{"ok":true,"sum":1}'), build('{"ok":true,"sum":2}'));
    expect(first?.changes).toEqual([{ path: 'r.sum', before: 1, after: 2 }]);
  });

  it('the conversation at the end, message by message', () => {
    const build = (...texts: string[]) =>
      run(
        [],
        {},
        { outputs: { messages: texts.map((content) => ({ type: 'ai', content })), done: texts.length } },
      );
    const diff = diffTraces(build('a', 'b', 'c'), build('a', 'c', 'd'));
    expect(diff.messages.map(({ mark, text }) => [mark, text])).toEqual([
      ['same', 'a'],
      ['removed', 'b'],
      ['same', 'c'],
      ['added', 'd'],
    ]);
    expect(diff.state).toEqual([]);
    expect(diff.first?.summary).toBe('the run: the state at the end differs');
  });
});

it('compares 2,000 nodes with their calls in well under a second', () => {
  const build = () => {
    const spans = Array.from({ length: 2_000 }, (_, index) => node(`n${index % 7}`, index + 1));
    return run(spans.flatMap((each) => [each, model(each, `prompt ${each.step}`)]));
  };
  const started = performance.now();
  expect(diffTraces(build(), build()).rows).toHaveLength(4_000);
  expect(performance.now() - started).toBeLessThan(5_000);
});
