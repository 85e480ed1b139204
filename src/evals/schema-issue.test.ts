import { expect, it } from 'vitest';
import { z } from 'zod';
import { formatPath, schemaIssues } from './schema-issue.ts';

it('writes paths as they are written in code', () => {
  expect(formatPath(['suites', 0, 'gate', 'min', 'a b'])).toBe('suites[0].gate.min["a b"]');
  expect(formatPath([])).toBe('');
});

it('names every unknown key with its own path', () => {
  const schema = z.strictObject({ list: z.array(z.strictObject({ a: z.number() })) });
  const { error } = schema.safeParse({ list: [{ a: 1, b: 2, c: 3 }] });
  expect(error && schemaIssues(error)).toEqual([
    { path: 'list[0].b', message: 'unknown key', unknownKey: 'b' },
    { path: 'list[0].c', message: 'unknown key', unknownKey: 'c' },
  ]);
});
