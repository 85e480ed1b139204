import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stableStringify } from '../../core/index.ts';
import { messagesInput, promptInput, requestInput, runInput, toolInput } from './call-input.ts';
import { firstDifference } from './difference.ts';
import { Matcher, type WantedCall } from './matcher.ts';
import { nodePath } from './place.ts';
import type { RecordedCall } from './recording.ts';

type Made = Partial<Omit<RecordedCall, 'input'>> & { readonly text: string };

function recorded({ text, ...fields }: Made, index: number): RecordedCall {
  return {
    spanId: `s${index}`,
    kind: 'model',
    via: 'langchain',
    name: 'Model',
    node: 'work',
    place: 'work',
    task: 'work:1',
    ordinal: index,
    input: promptInput(text),
    result: { kind: 'value', value: text },
    streamed: false,
    pieces: undefined,
    innerCalls: 0,
    ...fields,
  };
}

const wanted = (text: string, fields: Partial<WantedCall> = {}): WantedCall => ({
  kind: 'model',
  via: 'langchain',
  names: ['Model'],
  place: 'work',
  task: 'work:9',
  input: promptInput(text),
  ...fields,
});

function takeAll(calls: readonly Made[], wants: readonly WantedCall[]): string[] {
  const matcher = new Matcher(calls.map(recorded));
  return wants.map((want) => {
    const match = matcher.take(want);
    return match.how === 'miss' ? 'miss' : `${match.how} ${match.call.spanId}`;
  });
}

describe('matching', () => {
  it('gives the n-th call with the same content the n-th result, and then none', () => {
    const calls = [{ text: 'a' }, { text: 'b' }, { text: 'a' }];
    expect(
      takeAll(
        calls,
        ['a', 'a', 'b', 'a'].map((text) => wanted(text)),
      ),
    ).toEqual(['exact s0', 'exact s2', 'exact s1', 'miss']);
  });

  it('takes the call in the same place where the content is another one, once', () => {
    const calls = [{ text: 'a' }, { text: 'b' }];
    expect(
      takeAll(
        calls,
        ['x', 'y', 'z'].map((text) => wanted(text)),
      ),
    ).toEqual(['ordinal s0', 'ordinal s1', 'miss']);
  });

  it('is not put off by a call that was added before', () => {
    const calls = [{ text: 'a' }, { text: 'b' }];
    expect(
      takeAll(
        calls,
        ['new', 'a', 'b'].map((text) => wanted(text)),
      ),
    ).toEqual(['ordinal s0', 'exact s0', 'exact s1']);
  });

  it('keeps the executions of a node apart, by what they call first', () => {
    const calls = [
      { text: 'same', task: 'work:1' },
      { text: 'first', task: 'work:1' },
      { text: 'same', task: 'work:2' },
      { text: 'second', task: 'work:2' },
    ];
    const of = (task: string, text: string) => wanted(text, { task });
    expect(
      takeAll(calls, [
        of('work:7', 'second'),
        of('work:8', 'first'),
        of('work:7', 'same'),
        of('work:8', 'same'),
      ]),
    ).toEqual(['exact s3', 'exact s1', 'exact s2', 'exact s0']);
    expect(takeAll(calls, [of('work:7', 'same'), of('work:7', 'changed'), of('work:8', 'other')])).toEqual([
      'exact s0',
      'ordinal s1',
      'ordinal s2',
    ]);
  });

  it('finds the same content in a node that has another name now', () => {
    expect(takeAll([{ text: 'a' }], [wanted('a', { place: 'renamed', task: 'renamed:1' })])).toEqual([
      'exact s0',
    ]);
    expect(takeAll([{ text: 'a' }], [wanted('b', { place: 'renamed', task: 'renamed:1' })])).toEqual([
      'miss',
    ]);
  });

  it('gives a tool the result of that tool alone', () => {
    const calls = [{ text: 'a', kind: 'tool' as const, name: 'look_up' }];
    expect(takeAll(calls, [wanted('a', { kind: 'tool', names: ['refund'] })])).toEqual(['miss']);
    expect(takeAll(calls, [wanted('a', { kind: 'tool', names: ['look', 'look_up'] })])).toEqual(['exact s0']);
  });

  it('finds a call whose ids and times alone are others', () => {
    const at = (id: string, time: string) => `order ${id} at ${time}`;
    const before = at('0199a000-0000-7000-8000-000000000001', '2026-01-02T03:04:05.678Z');
    const now = at('0199a000-0000-7000-8000-0000000000ff', '2026-11-12 13:14:15');
    expect(takeAll([{ text: before }], [wanted(now)])).toEqual(['exact s0']);
  });

  it('says where the nearest one differs', () => {
    const matcher = new Matcher([recorded({ text: 'Be kind to Ada.' }, 0)]);
    expect(matcher.take(wanted('Be brief.'))).toMatchObject({
      how: 'ordinal',
      nearest:
        'node work, model call 1 (Model): the input differs at character 3: recorded "Be kind to Ada.", now "Be brief."',
    });
    expect(matcher.unused).toEqual([]);
  });

  it('never gives a result twice for the same content, whatever is asked', () => {
    const texts = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
    fc.assert(
      fc.property(texts, texts, (before, now) => {
        const matches = takeAll(
          before.map((text) => ({ text })),
          now.map((text) => wanted(text)),
        ).filter((match) => match.startsWith('exact'));
        expect(new Set(matches).size).toBe(matches.length);
        // Unchanged, each call gets its own result.
        expect(
          takeAll(
            before.map((text) => ({ text })),
            before.map((text) => wanted(text)),
          ),
        ).not.toContain('miss');
      }),
      { seed: 11 },
    );
  });
});

describe('the input of a call', () => {
  it('is the same for a message in each form, whatever its ids and metadata', () => {
    const forms = [
      {
        lc: 1,
        type: 'constructor',
        id: ['x', 'AIMessageChunk'],
        kwargs: { content: 'hi', id: 'run-1', usage_metadata: {} },
      },
      { type: 'ai', content: 'hi', id: 'run-2', response_metadata: { time: 1 } },
      { role: 'assistant', content: 'hi' },
    ];
    expect(new Set(forms.map((form) => messagesInput([form]).exactHash)).size).toBe(1);
    expect(new Set(forms.map((form) => runInput({ messages: [form] }).exactHash)).size).toBe(1);
  });

  it('knows tool calls by name and arguments, not by their ids', () => {
    const of = (id: string, args: object) =>
      messagesInput([{ type: 'ai', content: '', tool_calls: [{ id, name: 'f', args, type: 'tool_call' }] }]);
    expect(of('1', { a: 1, b: 2 }).exactHash).toBe(of('2', { b: 2, a: 1 }).exactHash);
    expect(of('1', { a: 1 }).exactHash).not.toBe(of('1', { a: 2 }).exactHash);
  });

  it('of a tool is its arguments, as an object or as the text that callbacks get', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (args) => {
        expect(toolInput(JSON.stringify(args)).exactHash).toBe(toolInput(args).exactHash);
      }),
      { seed: 3 },
    );
    expect(toolInput('not { json').json).toBe('not { json');
  });

  it('of a request is the same however the answer is to come', () => {
    const body = { model: 'm', messages: [] };
    expect(requestInput({ ...body, stream: true, stream_options: {} }).exactHash).toBe(
      requestInput(body).exactHash,
    );
  });
});

describe('the first difference', () => {
  it('is there exactly when two values differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [left, right] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))];
        expect(firstDifference(left, left)).toBeUndefined();
        const isEqual = stableStringify(left) === stableStringify(right);
        expect(firstDifference(left, right) === undefined).toBe(isEqual);
      }),
      { seed: 2 },
    );
  });

  it.each([
    [{ a: [1, { b: 'x' }] }, { a: [1, { b: 'y' }] }, 'a[1].b differs at character 0: recorded "x", now "y"'],
    [[1], [1, 2], 'the list has 2 items, recorded 1'],
    [{ a: 1 }, {}, 'a is missing, recorded 1'],
    [{}, { a: [1] }, 'a is new: [1]'],
    [1, 'one', 'the input differs: recorded 1, now "one"'],
  ])('of %j and %j', (before, now, text) => {
    expect(firstDifference(before, now)).toBe(text);
  });
});

describe('a place', () => {
  it.each([
    ['work:0199', 'work'],
    ['outer:1|inner:2', 'outer/inner'],
    ['outer:1|2|inner:3', 'outer/inner'],
    ['', undefined],
    [undefined, undefined],
  ])('%j is %j', (ns, path) => {
    expect(nodePath(ns)).toBe(path);
  });
});
