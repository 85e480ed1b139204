import type { z } from 'zod';
import { isRecord } from '../../core/index.ts';
import { type Example, exampleSchema } from '../example.ts';
import { formatPath } from '../schema-issue.ts';
import type { FormatIssue, RawExample } from './raw-example.ts';

/** Examples that are valid, with what is wrong with the others. */
export interface CheckedExamples {
  readonly examples: readonly Example[];
  readonly lines: ReadonlyMap<string, number>;
  readonly issues: readonly FormatIssue[];
}

/** Checks examples against the schema, that their values are JSON, and that every id is there once. */
export function checkExamples(raw: readonly RawExample[]): CheckedExamples {
  const examples: Example[] = [];
  const lines = new Map<string, number>();
  const issues: FormatIssue[] = [];
  for (const each of raw) {
    const found: FormatIssue[] = [];
    const parsed = exampleSchema.safeParse(each.value);
    const id = parsed.success ? parsed.data.id : idOf(each.value);
    if (!parsed.success) found.push(...schemaIssues(parsed.error, each));
    const wrong = nonJson(each.value, []);
    if (wrong !== undefined) {
      const { path, message } = wrong;
      found.push({ line: each.lineOf(path), field: formatPath(path.slice(0, SHOWN_DEPTH)), message });
    }
    if (id !== undefined) {
      const first = lines.get(id);
      if (first === undefined) lines.set(id, each.line);
      else {
        const message = `${JSON.stringify(id)} is the id of the example in line ${first} too`;
        found.push({ line: each.lineOf(['id']), field: 'id', message });
      }
    }
    issues.push(...found);
    if (parsed.success && found.length === 0) examples.push(withAllKeys(parsed.data, each.value));
  }
  return { examples, lines, issues };
}

/** A copy by the schema leaves out keys such as `__proto__`, which are data like any other here. */
function withAllKeys(example: Example, value: unknown): Example {
  if (!isRecord(value)) return example;
  const { inputs, outputs, metadata } = value;
  return {
    ...example,
    ...(isRecord(inputs) ? { inputs } : {}),
    ...(isRecord(outputs) ? { outputs } : {}),
    ...(isRecord(metadata) ? { metadata } : {}),
  };
}

function idOf(value: unknown): string | undefined {
  if (!isRecord(value) || typeof value['id'] !== 'string') return undefined;
  const id = value['id'].trim();
  return id === '' ? undefined : id;
}

function schemaIssues(error: z.ZodError, raw: RawExample): FormatIssue[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const path = [...issue.path, key];
        const message = `unknown key; the keys are ${Object.keys(exampleSchema.shape).join(', ')}`;
        return { line: raw.lineOf(path), field: formatPath(path), message };
      });
    }
    const field = formatPath(issue.path);
    const message = isMissing(raw.value, issue.path)
      ? 'is missing'
      : issue.code === 'too_small'
        ? 'must not be empty'
        : reworded(issue.message);
    return [{ line: raw.lineOf(issue.path), ...(field === '' ? {} : { field }), message }];
  });
}

function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  const [name] = path;
  return path.length === 1 && isRecord(value) && typeof name === 'string' && value[name] === undefined;
}

const WORDS: Readonly<Record<string, string>> = { record: 'an object', object: 'an object', array: 'a list' };

/** "Invalid input: expected record, received array" as "must be an object, not array". */
function reworded(message: string): string {
  const wrongType = /^Invalid input: expected (\w+), received (\w+)$/.exec(message);
  if (wrongType === null) return message;
  const [, expected = '', received = ''] = wrongType;
  return `must be ${WORDS[expected] ?? `a ${expected}`}, not ${received}`;
}

/** Deeper values would overflow the stack of whoever reads them next; aliases in YAML can nest without an end. */
const MAX_DEPTH = 200;
const SHOWN_DEPTH = 6;

/** The first value that JSON does not have (YAML writes `.nan` and `.inf`) or that lies too deep. */
function nonJson(
  value: unknown,
  path: readonly PropertyKey[],
): { readonly path: readonly PropertyKey[]; readonly message: string } | undefined {
  if (typeof value === 'object' && value !== null) {
    if (path.length > MAX_DEPTH) return { path, message: `is nested deeper than ${MAX_DEPTH} levels` };
    const entries: Iterable<readonly [PropertyKey, unknown]> = Array.isArray(value)
      ? value.entries()
      : Object.entries(value);
    for (const [name, member] of entries) {
      const found = nonJson(member, [...path, name]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const isJson =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value));
  return isJson ? undefined : { path, message: 'is no JSON value' };
}
