import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePayload } from '../payload.ts';
import { compileRedaction, REDACTION_FAILED, type RedactionRule } from './index.ts';

function redaction(...rules: RedactionRule[]) {
  const failures: string[] = [];
  const compiled = compileRedaction(rules.length === 0 ? true : rules, (rule) => void failures.push(rule));
  return { ...bound(compiled), failures };
}

const bound = (compiled: ReturnType<typeof compileRedaction>) => ({
  compiled,
  text: (value: string) => compiled.text(value),
  payload: (value: unknown, maxBytes = 1024 * 1024) => encodePayload(value, maxBytes, compiled).value,
});

const all = redaction();

describe('the built-in rules', () => {
  it.each([
    ['email', 'bob.smith+x@mail.example.co.uk'],
    ['email', "o'neil@exämple.org"],
    ['email', 'bob%40example.com'],
    ['phone', '+46 70-123 45 67'],
    ['phone', '+46701234567'],
    ['phone', '(555) 123-4567'],
    ['phone', '555.123.4567'],
    ['phone', '070-123 45 67'],
    ['card', '4111111111111111'],
    ['card', '4111 1111 1111 1111'],
    ['card', '3782-822463-10005'],
    ['card', '6011000990139424'],
    ['iban', 'GB82 WEST 1234 5698 7654 32'],
    ['iban', 'DE89370400440532013000'],
    ['iban', 'se45 5000 0000 0583 9825 7466'],
    ['api_key', 'sk-proj-abcDEF123456789012345'],
    ['api_key', 'lsv2_pt_0123456789abcdef0123_abcdef'],
    ['api_key', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'],
    ['api_key', 'AKIAIOSFODNN7EXAMPLE'],
    ['api_key', 'xoxb-123456789012-abcdefABCDEF'],
    ['api_key', 'whsec_MfKQ/9r8GKYqrTwjUPD8+ILPZIo2LaLaSw=='],
    ['api_key', 'whsec_abcdefghijklmnop'],
    ['api_key', 'ya29.a0AfH6SMBx1234567890-abcdef_g'],
    ['jwt', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9'],
  ])('find the %s %s in a sentence, in quotes and in escaped text', (name, secret) => {
    expect(all.text(`Is it ${secret}, please?`)).toBe(`Is it [redacted:${name}], please?`);
    expect(all.text(`"${secret}"`)).toBe(`"[redacted:${name}]"`);
    expect(all.text(`{"cut off": "first\\n${secret}`)).not.toContain(secret.slice(4));
  });

  it('take the token of a bearer header and leave the word', () => {
    expect(all.text('Authorization: Bearer abc.def-ghi_123')).toBe(
      'Authorization: Bearer [redacted:api_key]',
    );
    expect(all.text('a bearer of news')).toBe('a bearer of news');
  });

  it.each([
    ['Authorization: Basic ', 'dXNlcjpwYXNzd29yZDEyMw==', ''],
    ['{"Authorization":"Basic ', 'YTpi', '"}'],
    ['proxy-authorization: basic ', 'QWxhZGRpbjpvcGVuIHNlc2FtZQ', ''],
    ['AccountName=a;AccountKey=', 'abcd+/34abcd1234abcd1234==', ';EndpointSuffix=core.windows.net'],
    ['Endpoint=sb://a/;SharedAccessKeyName=n;SharedAccessKey=', 'abcd1234abcd1234abcd1234=', ''],
  ])('take what follows %s', (before, secret, after) => {
    expect(all.text(before + secret + after)).toBe(`${before}[redacted:api_key]${after}`);
    expect(all.text(`{"cut off": "${before.replaceAll('"', '\\"')}${secret}`)).not.toContain(secret);
  });

  it('take a whole private key', () => {
    const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc+/=\n-----END RSA PRIVATE KEY-----';
    expect(all.text(`key: ${pem}`)).toBe('key: [redacted:api_key]');
  });

  it.each([
    '4111 1111 1111 1112 fails the Luhn check',
    'GB82 WEST 1234 5698 7654 33 fails modulo 97',
    'react@18.2.0 and @scope/package',
    '0199a000-0000-7000-8000-000000000001',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736',
    '2026-11-22T23:45:43.000Z',
    '05/11/2026 10:30',
    'from 1732300000000 to 1732300001234',
    '192.168.100.200:8080',
    'a basic understanding of Visual Basic programming, basic authentication: required',
    'Basic functionality, BASIC interpreters',
    'AccountKey= and SharedAccessKey are settings',
    'sk-learn-preprocessing-tools and risk-management-overview',
    'graph:step:1',
    '-1234567.891',
  ])('leave alone: %s', (text) => {
    expect(all.text(text)).toBe(text);
  });

  it('find several things in a text, and both parts of what overlaps', () => {
    expect(all.text('bob@example.com or +46701234567')).toBe('[redacted:email] or [redacted:phone]');
    const two = redaction({ name: 'a', pattern: /one two/ }, { name: 'b', pattern: /two three/ });
    expect(two.text('one two three four')).toBe('[redacted:a] four');
  });

  it('take time in proportion to the text, whatever it is made of', () => {
    const mebibyte = 1024 * 1024;
    const units = [
      'a',
      'a@',
      '@a.',
      '.',
      '1',
      '1 ',
      '4111-',
      '+1',
      '(0',
      'eyJ',
      'eyJa.',
      'sk-',
      'AKIA',
      'Bearer ',
      'Basic ',
      'Basic dXNlcjpw',
      'AccountKey=',
      'whsec_',
      'GB82 ',
      'GB82A',
      '-----BEGIN PRIVATE KEY-----',
      '0a-',
      '%40',
      '{',
      '["',
      '\\n',
      '+46 70-123 45 67 bob@example.com 4111 1111 1111 1111 ',
    ];
    for (const unit of units) {
      const text = unit.repeat(Math.ceil(mebibyte / unit.length));
      const started = performance.now();
      all.text(text);
      // Some hundred milliseconds at worst; a pattern that backtracks needs minutes.
      expect(performance.now() - started, unit).toBeLessThan(5_000);
    }
  });
});

describe('patterns and functions of the user', () => {
  it('replace every match by their name, whatever the flags', () => {
    expect(redaction({ name: 'order', pattern: /ORD-\d+/y }).text('ORD-1 and ORD-22')).toBe(
      '[redacted:order] and [redacted:order]',
    );
    expect(redaction(/secret/i).text('Secret SECRET')).toBe('[redacted:pattern] [redacted:pattern]');
    expect(redaction(/x*/).text('abc')).toBe('abc');
  });

  it('remove the value when they throw or give no text, and say which failed', () => {
    const broken = redaction({
      name: 'broken',
      redact: () => {
        throw new Error('no');
      },
    });
    expect(broken.payload({ a: 'one', b: 2, c: ['three'] })).toEqual({
      [REDACTION_FAILED]: REDACTION_FAILED,
      [`${REDACTION_FAILED} 2`]: 2,
      [`${REDACTION_FAILED} 3`]: [REDACTION_FAILED],
    });
    expect(new Set(broken.failures)).toEqual(new Set(['broken']));
    const silent = redaction({ name: 'silent', redact: (() => undefined) as unknown as () => string });
    expect(silent.text('x')).toBe(REDACTION_FAILED);
    const pattern = /x/;
    Object.defineProperty(pattern, 'source', { value: '(' });
    expect(() => redaction(pattern)).toThrow(SyntaxError);
  });

  it('see the text that the patterns have left', () => {
    const rules = redaction('email', { name: 'upper', redact: (text) => text.toUpperCase() });
    expect(rules.text('to bob@example.com')).toBe('TO [REDACTED:EMAIL]');
  });
});

describe('key paths', () => {
  const secret = 'hunter2';
  it.each([
    ['password', { password: secret }],
    ['**.password', { a: [{ b: { PassWord: secret } }] }],
    ['customer.address', { customer: { address: { street: secret } } }],
    ['customer.address', { state: { Customer: [{ Address: secret }] } }],
    ['customer.*.street', { customer: { address: { street: secret } } }],
    ['customer.**.street', { customer: { a: { b: { street: secret } } } }],
    ['customer.**.street', { customer: { street: secret } }],
    ['headers.*', { headers: { authorization: secret } }],
    ['password', { args: JSON.stringify({ password: secret }) }],
    ['customer.address', { customer: JSON.stringify({ address: secret }) }],
    ['password', { args: JSON.stringify(JSON.stringify({ password: secret })) }],
    ['password', { args: `{"password":"${secret}` }],
    ['password', new Map([['password', secret]])],
    ['password', { error: Object.assign(new Error('x'), { password: secret }) }],
    ['password', { toJSON: () => ({ password: [secret] }) }],
    ['ssn', { ssn: 123456789, secret: 1 }],
  ])('%s covers it in %j', (path, value) => {
    const text = JSON.stringify(redaction({ path }).payload(value));
    expect(text).not.toContain(secret);
    expect(text).not.toContain('123456789');
    expect(text).toContain('[redacted:');
  });

  it('leave what they do not cover', () => {
    const value = {
      address: 'shop',
      customer: { name: 'x', other: { address: 'deeper' } },
      json: '{ "customer": 1, "address": 12345678901234567890 }',
    };
    expect(redaction({ path: 'customer.address' }).payload(value)).toEqual(value);
  });

  it('cover a member at any depth of objects, lists and quoting', () => {
    const wrap = fc.array(fc.constantFrom('object', 'list', 'json', 'map'), { maxLength: 8 });
    const rules = redaction({ path: 'customer.address' });
    fc.assert(
      fc.property(wrap, (layers) => {
        let value: unknown = { customer: { address: secret } };
        for (const layer of layers) {
          if (layer === 'object') value = { inner: value };
          else if (layer === 'list') value = [value];
          else if (layer === 'map') value = { map: [...new Map([['k', value]])] };
          else value = JSON.stringify(value);
        }
        const text = JSON.stringify(rules.payload(value));
        expect(text).not.toContain(secret);
        expect(text).toContain('[redacted:customer.address]');
      }),
    );
  });
});

describe('a redacted payload', () => {
  it('holds no trace of a secret, wherever it stands and wherever the text is cut', () => {
    const secret = 'bob.smith@example.com';
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(120), (before, after, limit) => {
        const value = {
          [`${before} ${secret}`]: 1,
          list: [`${before} ${secret} ${after}`],
          n: new Map([[secret, secret]]),
        };
        const text = JSON.stringify(all.payload(value, limit));
        expect(text).not.toContain('smith@');
        expect(text).not.toContain('@example');
        expect(text).not.toContain('bob.smith');
      }),
      { numRuns: 300 },
    );
  });

  it('does not show the half of a secret at the end of what was looked at', () => {
    // Much longer than its mark: what is left of the text that was looked at fits into the limit, end and all.
    const secret = `sk-${'ab12'.repeat(60)} `;
    for (let shift = 0; shift < secret.length; shift += 1) {
      const text = JSON.stringify(all.payload(`${'x'.repeat(shift)} ${secret.repeat(200)}`, 1_000));
      expect(text).not.toContain('ab12');
    }
  });

  it('is cut where it would be without rules', () => {
    expect(all.payload('x'.repeat(9_000), 1_000)).toBe(`${'x'.repeat(1_000)}… [8000 characters left out]`);
    const text = all.payload(`${'x'.repeat(990)} bob@example.com`, 1_000);
    expect(text).toBe(`${'x'.repeat(990)} [redacted… [7 characters left out]`);
  });

  it('redacts numbers, bigints and keys, and loses no member', () => {
    expect(all.payload({ card: 4111111111111111, big: 4111111111111111n, n: 41 })).toEqual({
      card: '[redacted:card]',
      big: '[redacted:card]',
      n: 41,
    });
    expect(all.payload({ 'a@example.com': 1, 'b@example.com': 2 })).toEqual({
      '[redacted:email]': 1,
      '[redacted:email] 2': 2,
    });
  });

  it('looks into JSON text, also past escapes and repeated keys, and leaves the rest of it as it was', () => {
    expect(all.text('{"to":"\\u0062ob@example.com","n":1}')).toBe('{"to":"[redacted:email]","n":1}');
    expect(all.text('{"to":"bob@example.com","to":"nobody"}')).not.toContain('bob@');
    const spaced = '{ "a" : 1.0,\n "b": [] }';
    expect(all.text(spaced)).toBe(spaced);
    expect(all.text('{"__proto__":{"to":"bob@example.com"}}')).toBe(
      '{"__proto__":{"to":"[redacted:email]"}}',
    );
  });

  it('gives up on JSON that is nested beyond reason, safely', () => {
    expect(all.text('['.repeat(50_000) + ']'.repeat(50_000))).toBe(REDACTION_FAILED);
    expect(all.failures).toEqual(['json_depth']);
  });

  it('is the same value when there are no rules', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const none = compileRedaction(false, () => {});
        expect(encodePayload(value, 1e6, none)).toEqual(encodePayload(value, 1e6));
      }),
    );
  });
});
