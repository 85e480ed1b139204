import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.ts';
import { parseCheckpointerUrl } from './checkpoint-source.ts';
import { bucketTimeMs, uuid6From, uuid6TimeMs } from './doctor/uuid6-time.ts';
import { parseNamespace } from './failing-path.ts';
import { nextVersion } from './thread-copy.ts';

describe('parseCheckpointerUrl', () => {
  it.each([
    ['./threads.db', { kind: 'sqlite', path: '/app/threads.db' }],
    ['/data/threads.sqlite3', { kind: 'sqlite', path: '/data/threads.sqlite3' }],
    ['sqlite:threads', { kind: 'sqlite', path: '/app/threads' }],
    ['sqlite:///data/threads', { kind: 'sqlite', path: '/data/threads' }],
    ['pglite:./pgdata', { kind: 'pglite', path: '/app/pgdata' }],
  ])('takes %s', (url, target) => {
    expect(parseCheckpointerUrl(url, '/app')).toEqual(target);
  });

  it.each([
    ['postgres://u:p@db/agent', 'postgres'],
    ['postgresql://db', 'postgres'],
    ['https://agent.example.org', 'server'],
  ])('takes %s', (url, kind) => {
    expect(parseCheckpointerUrl(url)).toMatchObject({ kind, url: new URL(url) });
  });

  it('refuses anything else in one line that does not repeat it', () => {
    const secret = fc.stringMatching(/^[a-z0-9]{12,20}$/);
    const text = fc.tuple(
      fc.constantFrom('mysql://u:', '', 'postgres://u:%zz@[', 'http://[', 'sqlite', 'redis:'),
      secret,
    );
    fc.assert(
      fc.property(text, ([before, password]) => {
        try {
          parseCheckpointerUrl(`${before}${password}`);
          expect.unreachable();
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UsageError);
          expect(String(thrown)).not.toContain(password);
          expect(String(thrown)).not.toContain('\n');
        }
      }),
      { seed: 5 },
    );
    for (const empty of ['sqlite:', 'pglite:', ''])
      expect(() => parseCheckpointerUrl(empty)).toThrow(UsageError);
  });
});

describe('parseNamespace', () => {
  it('names each task with the graph it is in', () => {
    expect(
      parseNamespace('outer:1|2|inner:3').map(({ node, taskId, namespace }) => [node, taskId, namespace]),
    ).toEqual([
      ['outer', '1', ''],
      ['inner', '3', 'outer:1|2'],
    ]);
    expect(parseNamespace('outer|inner:3')).toMatchObject([{ node: 'inner', namespace: 'outer' }]);
    expect(parseNamespace('')).toEqual([]);
  });
});

describe('nextVersion', () => {
  it('always sorts after the version it follows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 ** 9 }),
        fc.integer({ min: 10, max: 32 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (count, width, fraction) => {
          const version = `${String(count).padStart(width, '0')}.${fraction}`;
          expect(nextVersion(version) > version).toBe(true);
          expect(nextVersion(count)).toBe(count + 1);
        },
      ),
      { seed: 5 },
    );
    expect(nextVersion(undefined)).toBe(1);
  });
});

describe('times of checkpoint ids', () => {
  it('reads back the millisecond that an id was made in, in the order of the ids', () => {
    const moment = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        expect(uuid6TimeMs(uuid6From(a))).toBe(a);
        expect(uuid6From(a) < uuid6From(b)).toBe(a < b);
        const bucket = bucketTimeMs(uuid6From(a).slice(0, 6));
        expect(bucket !== undefined && bucket <= a && a - bucket <= 6_871_948).toBe(true);
      }),
      { seed: 5 },
    );
    expect(uuid6TimeMs('1f1e6e01-7fe9-68a0-8001-e2e94fa3f3d3')).toBe(Date.parse('2026-11-23T01:49:17.482Z'));
  });

  it.each(['', 'no-id', '01a20614-44c5-774d-bf5b-cee155bdc47f'])('knows no time of %j', (id) => {
    expect(uuid6TimeMs(id)).toBeUndefined();
    expect(bucketTimeMs(id)).toBeUndefined();
  });
});
