import { UsageError } from '../../core/index.ts';

/** The environment, as a value. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The first of the variables that is set and not empty. */
function firstSet(
  env: Env,
  names: readonly string[],
): { readonly name: string; readonly value: string } | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return undefined;
}

/**
 * A switch. One that cannot be read must not be taken for "off": it may be one of privacy.
 *
 * @throws UsageError `TRACE_OPTIONS_INVALID` naming the variable.
 */
export function flag(env: Env, names: readonly string[]): boolean | undefined {
  const set = firstSet(env, names);
  if (set === undefined) return undefined;
  const value = set.value.toLowerCase();
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new UsageError(
    'TRACE_OPTIONS_INVALID',
    `${set.name} must be true or false, not ${JSON.stringify(set.value)}.`,
  );
}

/**
 * A share.
 *
 * @throws UsageError `TRACE_OPTIONS_INVALID` naming the variable.
 */
export function rate(env: Env, names: readonly string[]): number | undefined {
  const set = firstSet(env, names);
  if (set === undefined) return undefined;
  const value = decimal(set.value);
  if (value === undefined || value > 1) {
    throw new UsageError(
      'TRACE_OPTIONS_INVALID',
      `${set.name} must be a number from 0 to 1, not ${JSON.stringify(set.value)}.`,
    );
  }
  return value;
}

/**
 * A number of days.
 *
 * @throws UsageError `TRACE_OPTIONS_INVALID` naming the variable.
 */
export function days(env: Env, names: readonly string[]): number | undefined {
  const set = firstSet(env, names);
  if (set === undefined) return undefined;
  const value = decimal(set.value);
  if (value === undefined) {
    throw new UsageError(
      'TRACE_OPTIONS_INVALID',
      `${set.name} must be a number of days, 0 for never, not ${JSON.stringify(set.value)}.`,
    );
  }
  return value;
}

/** A number as people write it: no sign, no 0x10, no 1e3. */
function decimal(value: string): number | undefined {
  return /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(value) ? Number(value) : undefined;
}

/** A text. Values pasted into an env file often keep their quotes. */
export function text(env: Env, names: readonly string[]): string | undefined {
  return firstSet(env, names)?.value.replace(/^(["'])(.*)\1$/, '$2') || undefined;
}

/** A list, separated by commas. */
export function list(env: Env, names: readonly string[]): readonly string[] | undefined {
  return text(env, names)
    ?.split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}
