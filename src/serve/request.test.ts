import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientConfigurable, parseBatch, parseInvoke } from './request.ts';

describe('parseInvoke', () => {
  it('keeps of the config only configurable and recursionLimit', () => {
    const body = {
      input: { a: 1 },
      config: {
        tags: ['x'],
        metadata: { a: 1 },
        runId: 'r',
        callbacks: [],
        recursionLimit: 7,
        configurable: { user: 'u' },
      },
      kwargs: [],
    };
    expect(parseInvoke(body)).toEqual({
      ok: true,
      value: { input: { a: 1 }, configurable: { user: 'u' }, recursionLimit: 7 },
    });
  });

  it.each([undefined, null, {}, { configurable: null }, { recursionLimit: null }])(
    'takes the config %j',
    (config) => {
      expect(parseInvoke({ input: 'x', config })).toEqual({
        ok: true,
        value: { input: 'x', configurable: {} },
      });
    },
  );

  it('takes kwargs as an object too', () => {
    expect(parseInvoke({ input: 1, kwargs: { stop: [] } }).ok).toBe(true);
  });

  it('takes an answer to an interrupt, whatever the answer is', () => {
    const config = { configurable: { thread_id: 't' } };
    for (const resume of [true, null, { approved: false }]) {
      expect(parseInvoke({ input: null, command: { resume }, config })).toEqual({
        ok: true,
        value: { input: null, command: { resume }, configurable: { thread_id: 't' } },
      });
    }
  });

  it.each([
    [{}, ['body', 'input'], 'missing'],
    [[], ['body'], 'invalid_type'],
    [null, ['body'], 'invalid_type'],
    ['text', ['body'], 'invalid_type'],
    [{ input: 1, config: 'x' }, ['body', 'config'], 'invalid_type'],
    [{ input: 1, config: { configurable: [] } }, ['body', 'config', 'configurable'], 'invalid_type'],
    [
      { input: 1, config: { configurable: { thread_id: 5 } } },
      ['body', 'config', 'configurable', 'thread_id'],
      'invalid_type',
    ],
    [{ input: 1, config: { recursionLimit: 0 } }, ['body', 'config', 'recursionLimit'], 'too_small'],
    [{ input: 1, config: { recursionLimit: 1001 } }, ['body', 'config', 'recursionLimit'], 'too_big'],
    [{ input: 1, kwargs: 'x' }, ['body', 'kwargs'], 'invalid_union'],
    [{ input: null }, ['body', 'config', 'configurable', 'thread_id'], 'value_error'],
    [{ input: null, command: { resume: 1 } }, ['body', 'config', 'configurable', 'thread_id'], 'value_error'],
    [{ input: 1, command: { resume: 1 } }, ['body', 'input'], 'value_error'],
    [{ input: null, command: { goto: 'refund' } }, ['body', 'command'], 'unrecognized_keys'],
    [{ input: null, command: { resume: 1, update: {} } }, ['body', 'command'], 'unrecognized_keys'],
  ])('refuses %j', (body, loc, type) => {
    const parsed = parseInvoke(body);
    expect(parsed.ok ? [] : parsed.detail).toEqual(
      expect.arrayContaining([{ type, loc, msg: expect.any(String) }]),
    );
  });

  it('refuses a command that answers nothing', () => {
    const body = { input: null, command: {}, config: { configurable: { thread_id: 't' } } };
    expect(parseInvoke(body).ok).toBe(false);
  });

  it('never throws, whatever JSON comes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        for (const parsed of [parseInvoke(body), parseBatch(body)]) {
          if (!parsed.ok) expect(parsed.detail.length).toBeGreaterThan(0);
        }
      }),
      { seed: 4 },
    );
  });
});

describe('parseBatch', () => {
  it('gives every input the one config, or its own', () => {
    expect(parseBatch({ inputs: [1, 2], config: { configurable: { user: 'u' } } })).toEqual({
      ok: true,
      value: [
        { input: 1, configurable: { user: 'u' } },
        { input: 2, configurable: { user: 'u' } },
      ],
    });
    expect(parseBatch({ inputs: [1, 2], config: [{ configurable: { user: 'u' } }, {}] })).toEqual({
      ok: true,
      value: [
        { input: 1, configurable: { user: 'u' } },
        { input: 2, configurable: {} },
      ],
    });
  });

  it.each([
    [{}, ['body', 'inputs']],
    [{ inputs: 'x' }, ['body', 'inputs']],
    [{ inputs: [1, 2], config: [{}] }, ['body', 'config']],
    [{ inputs: [1, null] }, ['body', 'inputs', 1]],
  ])('refuses %j', (body, loc) => {
    const parsed = parseBatch(body);
    expect(parsed.ok ? [] : parsed.detail).toEqual([expect.objectContaining({ loc })]);
  });
});

describe('clientConfigurable', () => {
  it("lets everything through but LangGraph's internals, checkpoints and the run id", () => {
    const forbidden = fc.oneof(
      fc.string().map((rest) => `__${rest}`),
      fc.string().map((rest) => `checkpoint_${rest}`),
      fc.constant('run_id'),
    );
    const isForbidden = (key: string) => /^(__|checkpoint_)|^run_id$/.test(key);
    const allowed = fc.string().filter((key) => !isForbidden(key));
    fc.assert(
      fc.property(
        fc.dictionary(allowed, fc.jsonValue()),
        fc.dictionary(forbidden, fc.jsonValue()),
        (good, bad) => {
          expect(Object.entries(clientConfigurable({ ...good, ...bad })).sort()).toEqual(
            Object.entries(good).sort(),
          );
        },
      ),
      { seed: 5 },
    );
  });
});
