import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** One mistake found by a schema, in words. */
export interface SchemaIssue {
  /** Dotted path, for example `suites[0].gate.threshold`; empty for the whole value. */
  readonly path: string;
  readonly message: string;
  /** The keys that would have been known, for an unknown one. */
  readonly unknownKey?: string;
}

/** The mistakes of a failed parse, one for each unknown key, the first first. */
export function schemaIssues(error: z.ZodError): SchemaIssue[] {
  return error.issues.flatMap(toIssues);
}

/** A path as it is written in code: `suites[0].gate`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part);
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function toIssues(issue: Issue): SchemaIssue[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: formatPath([...issue.path, key]),
      message: 'unknown key',
      unknownKey: key,
    }));
  return [{ path: formatPath(issue.path), message: issue.message }];
}
