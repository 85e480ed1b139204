import type { z } from 'zod';

const KINDS: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/**
 * Says what would be right, in the words of the options' docs, where a schema has no words of its own. Never repeats a value:
 * it can be a key.
 */
export const optionWording: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') return 'must not be empty';
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'unrecognized_keys':
      return `has no ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
    default:
      return undefined;
  }
};

/** Names the option and what is wrong. Of the forms an option can have, the one that was meant is the one that fits furthest. */
export function issueText(issue: z.core.$ZodIssue, parents: readonly PropertyKey[] = []): string {
  const path = [...parents, ...issue.path];
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    const [meant] = issue.errors
      .flatMap(([first]) => (first === undefined ? [] : [first]))
      .sort((a, b) => b.path.length - a.path.length);
    if (meant !== undefined) return issueText(meant, path);
  }
  return `${path.join('.') || 'options'}: ${issue.message}`;
}

/** The known name that differs from this one in upper and lower case, `_` and `-` alone. */
export function sameName(name: string, known: readonly string[]): string | undefined {
  return known.find((candidate) => plain(candidate) === plain(name));
}

function plain(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase();
}
