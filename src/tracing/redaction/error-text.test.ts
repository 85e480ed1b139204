import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReportedError } from '../recording/reported-error.ts';
import { compileRedaction, errorText, NO_REDACTION } from './index.ts';

const options = {
  redaction: NO_REDACTION,
  hideMessages: false,
  maxText: 16_384,
  describe: (thrown: unknown) => JSON.stringify(thrown) ?? 'undefined',
};
const hiding = { ...options, hideMessages: true };

describe('errorText', () => {
  it('writes down name, message and stack, and the causes below it', () => {
    const cause = new RangeError('inner');
    const text = errorText(new TypeError('outer', { cause }), options);
    expect(text).toMatchObject({ name: 'TypeError', message: 'outer' });
    expect(text.stack).toMatch(/^TypeError: outer\n {4}at [\s\S]*\nCaused by: RangeError: inner\n {4}at /);
  });

  it('stops at causes that go round, and takes one that is no error', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(errorText(error, options).stack?.match(/Caused by/g)).toHaveLength(1);
    expect(errorText(new Error('a', { cause: 'plain text' }), options).stack).toMatch(
      /Caused by: "plain text"$/,
    );
  });

  it('writes down the errors inside an AggregateError, each with its causes, and no more than some', () => {
    const primary = new Error('primary failed', { cause: new RangeError('401') });
    const text = errorText(new AggregateError([primary, 'plain text', primary], 'all failed'), options);
    expect(text.stack?.match(/^(?:\S.*: .*)$/gm)).toEqual([
      'AggregateError: all failed',
      'One of its errors: Error: primary failed',
      'Caused by: RangeError: 401',
      'One of its errors: "plain text"',
    ]);
    const many = Array.from({ length: 5_000 }, (_, index) => new Error(`of ${index}`));
    const nested = new AggregateError([new AggregateError(many), ...many]);
    expect(errorText(nested, { ...options, maxText: 1e6 }).stack?.match(/One of its errors/g)).toHaveLength(
      10,
    );
    const issues = Object.assign(new Error('invalid'), { errors: [{ path: ['a'] }, new Error('inside')] });
    expect(errorText(issues, options).stack?.match(/One of its errors: .*/g)).toEqual([
      'One of its errors: Error: inside',
    ]);
  });

  it('hides and redacts what those inside say', () => {
    const inner = [Object.assign(new Error('canary one'), { name: 'canary' }), 'canary two'];
    const error = new AggregateError(inner, 'canary', { cause: 'canary' });
    expect(JSON.stringify(errorText(error, hiding))).not.toContain('canary');
    const redaction = compileRedaction([{ name: 'bird', pattern: /canary/ }], () => {});
    expect(JSON.stringify(errorText(error, { ...options, redaction }))).not.toContain('canary');
  });

  it('shows types and frames alone where messages are hidden, whatever the message looks like', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('text', '', '    at f (/x/canary.ts:1:1)', '    at canary:', ' canary'), {
          minLength: 1,
          maxLength: 6,
        }),
        (lines) => {
          const error = new TypeError(`canary\n${lines.join('\n')}`, {
            cause: new Error(lines.join('\ncanary')),
          });
          const text = errorText(error, hiding);
          expect(JSON.stringify(text)).not.toContain('canary');
          expect(text).toMatchObject({ name: 'TypeError', message: '[hidden]' });
          expect(text.stack).toMatch(/^TypeError: \[hidden\]\n {4}at .*error-text\.test\.ts:\d+/);
        },
      ),
    );
  });

  it('hides a message that was changed after the error was made, a name that is data, and anything else thrown', () => {
    for (const message of ['canary three', '']) {
      const changed = new Error('canary one\n    at canary (/two.ts:1:1)');
      // A stack is written when it is first read.
      expect(changed.stack).toContain('canary');
      changed.message = message;
      expect(errorText(changed, hiding).stack).toBe('Error: [hidden]');
    }
    const changedFirst = new Error('canary one');
    changedFirst.message = 'canary two';
    expect(errorText(changedFirst, hiding).stack).toMatch(/^Error: \[hidden\]\n {4}at /);
    const named = new Error('x');
    named.name = 'canary for bob@example.com';
    expect(errorText(named, hiding).name).toBe('Error');
    expect(errorText({ canary: 1 }, hiding)).toEqual({ name: 'object', message: '[hidden]' });
    const stack = new Error('x');
    stack.stack = 'Error: x\n canary\n    at f (/x.ts:1:1)';
    expect(errorText(stack, hiding).stack).toBe('Error: [hidden]\n    at f (/x.ts:1:1)');
    const short = errorText(new Error('a'), hiding);
    expect(short.stack?.split('\n').length).toBeGreaterThan(3);
  });

  it('believes the name of a class and that of the language alone, where messages are hidden', () => {
    class NoStockError extends Error {}
    class Named extends Error {
      override name = 'NamedError';
    }
    class Inherited extends Error {}
    Inherited.prototype.name = 'InheritedError';
    const named = (name: string) => Object.assign(new NoStockError('x'), { name });
    const names = [
      new NoStockError('x'),
      new Named('x'),
      new Inherited('x'),
      named('canary'),
      named('CanaryError'),
      named('AbortError'),
      new DOMException('x', 'TimeoutError'),
      new ReportedError('CanaryError: x'),
      new ReportedError('TypeError: x'),
    ].map((error) => errorText(error, hiding).name);
    expect(names).toEqual([
      'Error',
      'Named',
      'InheritedError',
      'NoStockError',
      'NoStockError',
      'AbortError',
      'TimeoutError',
      'Error',
      'TypeError',
    ]);
    expect(errorText(named('CanaryError'), options).name).toBe('CanaryError');
  });

  it('keeps the frames of a message that stands elsewhere in the first line, and none after the rest of another', () => {
    expect(errorText(new Error('E'), hiding).stack).toMatch(
      /^Error: \[hidden\]\n {4}at .*error-text\.test\.ts/,
    );
    const changed = new Error('one canary\n    at canary (/two.ts:1:1)');
    expect(changed.stack).toContain('canary');
    for (const message of ['one', 'Error', 'E', 'canary x']) {
      changed.message = message;
      expect(errorText(changed, hiding).stack).toBe('Error: [hidden]');
    }
  });

  it('redacts name, message, stack and cause', () => {
    const redaction = compileRedaction(['email'], () => {});
    const error = new Error('to bob@example.com', { cause: new Error('for eve@example.com') });
    error.name = 'bob@example.com';
    expect(JSON.stringify(errorText(error, { ...options, redaction }))).not.toMatch(/bob|eve/);
    expect(errorText(error, { ...options, redaction }).message).toBe('to [redacted:email]');
  });

  it('cuts long texts after redacting them', () => {
    const redaction = compileRedaction(['email'], () => {});
    const text = errorText(new Error(`${'x'.repeat(95)} bob@example.com`), {
      ...options,
      redaction,
      maxText: 100,
    });
    expect(text.message).toBe(`${'x'.repeat(95)} [red…`);
  });

  it('survives an error whose members throw', () => {
    const hostile = Object.defineProperties(new Error('x'), {
      message: {
        get() {
          throw new Error('no');
        },
      },
      cause: {
        get() {
          throw new Error('no');
        },
      },
    });
    expect(errorText(hostile, options).message).toBe('[Unreadable]');
  });
});
