import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Trace } from '../../core/index.ts';
import { CanaryPlanter } from './canary.ts';
import { findLeaks } from './find-leaks.ts';

function traceWith(inputs: unknown, more: Partial<Trace> = {}): Trace {
  const times = { startTimeMs: 0, endTimeMs: 1 };
  const span = {
    ...times,
    parentId: null,
    name: 'agent',
    type: 'graph' as const,
    outcome: 'success' as const,
  };
  return {
    ...times,
    schemaVersion: 1,
    id: 'r',
    name: 'agent',
    outcome: 'success',
    decision: { reason: 'sampled', weight: 1 },
    spans: [{ ...span, id: 'r', inputs, gaps: [], metadata: {}, tags: [], events: [] }],
    ...more,
  };
}

describe('CanaryPlanter', () => {
  it('adds a canary of its own to every text, and leaves what a message is as it was', () => {
    const planter = new CanaryPlanter({ isEmail: false });
    const input = { messages: [{ role: 'user', content: 'hello' }], name: 'Ann', n: 3 };
    const planted = planter.plant(input, 'input');
    const [first, second] = planter.canaries.map(({ id }) => id);
    expect(planted).toEqual({
      messages: [{ role: 'user', content: `hello ${first}` }],
      name: `Ann ${second}`,
      n: 3,
    });
    expect(planter.canaries.map(({ place }) => place)).toEqual(['input.messages[0].content', 'input.name']);
    expect(planter.untouched).toEqual(['input.messages[0].role']);
  });

  it('gives canaries none of which is in another', () => {
    const planter = new CanaryPlanter({ isEmail: false });
    const texts = Array.from({ length: 800 }, () => planter.text('x'));
    expect(new Set(texts).size).toBe(800);
    expect(new Set(texts.map((text) => text.length)).size).toBe(1);
  });
});

describe('findLeaks', () => {
  it('finds whatever was planted, wherever it stands, and says where it came from', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const planter = new CanaryPlanter({ isEmail: false });
        const leaks = findLeaks(traceWith(planter.plant(value, 'input')), planter.canaries);
        expect(new Set(leaks.flatMap(({ from }) => from))).toEqual(
          new Set(planter.canaries.map(({ place }) => place)),
        );
      }),
    );
  });

  it('finds nothing where no canary is', () => {
    const planter = new CanaryPlanter({ isEmail: false });
    planter.text('tag');
    expect(findLeaks(traceWith({ a: 'hello', b: ['sluicecanary'] }), planter.canaries)).toEqual([]);
  });

  it.each([
    ['upper case', (id: string) => id.toUpperCase()],
    ['JSON', (id: string) => JSON.stringify({ q: id })],
    ['hex', (id: string) => Buffer.from(id).toString('hex')],
    ['base64', (id: string) => Buffer.from(id).toString('base64')],
    ['base64, one on', (id: string) => Buffer.from(`a${id}b`).toString('base64')],
    ['base64, two on', (id: string) => Buffer.from(`ab${id}bcd`).toString('base64')],
  ])('finds it in %s', (_name, form) => {
    const planter = new CanaryPlanter({ isEmail: false });
    const id = planter.text('tag');
    expect(findLeaks(traceWith({ q: [form(id)] }), planter.canaries)).toEqual([
      { span: 'agent', type: 'graph', path: 'inputs.q[0]', from: ['tag'], spans: 1 },
    ]);
  });

  it.each([true, false])('calls a span by its name without the canary in it (e-mail: %s)', (isEmail) => {
    const planter = new CanaryPlanter({ isEmail });
    const name = planter.after('agent', 'run name');
    expect(findLeaks(traceWith('x', { name }), planter.canaries)).toEqual([
      { span: 'agent', type: 'trace', path: 'name', from: ['run name'], spans: 1 },
    ]);
  });

  it('finds it in keys, and in fields of the trace', () => {
    const planter = new CanaryPlanter({ isEmail: true });
    const text = planter.text('thread id');
    const found = findLeaks(traceWith({ [text]: 1 }, { threadId: text }), planter.canaries);
    expect(found.map(({ type, path }) => [type, path])).toEqual([
      ['trace', 'threadId'],
      ['graph', `inputs.${text} (key)`],
    ]);
  });
});
