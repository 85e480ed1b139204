import { z } from 'zod';

/** A flag or positional: how it is shown, and the schema that turns what was typed into a value. */
export interface Flag<Value> {
  readonly describe: string;
  /** `switch` takes no value; `list` may be given several times. */
  readonly kind: 'value' | 'switch' | 'list';
  /** Shown for the value in help, for example `<n>`. */
  readonly placeholder: string | undefined;
  /** What is used when the flag is not given, as shown in help. */
  readonly defaultText: string | undefined;
  /** The values to choose from, where they are fixed. */
  readonly choices: readonly string[] | undefined;
  /** Parses undefined (not given), a string, true (switch) or an array of strings (list). */
  readonly schema: z.ZodType<Value>;
}

/** Flags by their camel-case names; on the command line they are kebab-case. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The parsed values of a record of flags. */
export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends Flag<infer Value> ? Value : never;
};

function flag<Value>(
  describe: string,
  schema: z.ZodType<Value>,
  more: Partial<Pick<Flag<Value>, 'kind' | 'placeholder' | 'defaultText' | 'choices'>> = {},
): Flag<Value> {
  return {
    describe,
    schema,
    kind: more.kind ?? 'value',
    placeholder: more.placeholder,
    defaultText: more.defaultText,
    choices: more.choices,
  };
}

const given = z
  .string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'is given more than once') })
  .min(1, { error: 'needs a value' });

/** An optional text value. */
export function text(describe: string, placeholder = '<text>'): Flag<string | undefined> {
  return flag(describe, given.optional(), { placeholder });
}

/** A text value that must be given: for positionals. */
export function requiredText(describe: string, placeholder = '<text>'): Flag<string> {
  return flag(describe, given, { placeholder });
}

/** A text value that may be given several times. */
export function list(describe: string, placeholder = '<text>'): Flag<readonly string[]> {
  const schema = z.preprocess(
    (typed) => (typed === undefined ? [] : Array.isArray(typed) ? typed : [typed]),
    z.array(z.string().min(1, { error: 'needs a value' })),
  );
  return flag<readonly string[]>(describe, schema, { kind: 'list', placeholder });
}

/** True when the flag is given. */
export function toggle(describe: string): Flag<boolean> {
  const schema = z
    .union([z.boolean(), z.undefined()], { error: 'is given more than once' })
    .transform((on) => on === true);
  return flag(describe, schema, { kind: 'switch' });
}

/** One of fixed words, optional. */
export function choice<const Choice extends string>(
  describe: string,
  choices: readonly [Choice, ...Choice[]],
): Flag<Choice | undefined> {
  const schema = given
    .refine((typed) => choices.some((known) => known === typed), {
      error: `must be one of ${choices.join(', ')}`,
    })
    .transform((typed) => typed as Choice)
    .optional();
  return flag(describe, schema, { choices, placeholder: `<${choices.join('|')}>` });
}

interface NumberBounds {
  readonly min?: number;
  readonly max?: number;
  readonly placeholder?: string;
}

function numeric(pattern: RegExp, noun: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: NumberBounds) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return given
    .refine((typed) => pattern.test(typed) && Number(typed) >= min && Number(typed) <= max, {
      error: (issue) => `must be ${noun} ${range}, not ${JSON.stringify(issue.input)}`,
    })
    .transform(Number);
}

const INTEGER = /^-?\d+$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;

/** A whole number, optional. Default bounds: 0 and no upper one. */
export function integer(describe: string, bounds: NumberBounds = {}): Flag<number | undefined> {
  return flag(describe, numeric(INTEGER, 'a whole number', bounds).optional(), {
    placeholder: bounds.placeholder ?? '<n>',
  });
}

/** A decimal number, optional. Default bounds: 0 and no upper one. */
export function decimal(describe: string, bounds: NumberBounds = {}): Flag<number | undefined> {
  return flag(describe, numeric(DECIMAL, 'a number', bounds).optional(), {
    placeholder: bounds.placeholder ?? '<number>',
  });
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration such as `500ms`, `30s`, `15m`, `24h` or `7d`, in milliseconds; optional. */
export function duration(describe: string): Flag<number | undefined> {
  const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
  const schema = given
    .refine((typed) => pattern.test(typed), {
      error: (issue) => `must be a duration such as 30s, 15m, 24h or 7d, not ${JSON.stringify(issue.input)}`,
    })
    .transform((typed) => {
      const [, amount, unit] = pattern.exec(typed) ?? [];
      return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
    })
    .optional();
  return flag(describe, schema, { placeholder: '<duration>' });
}

/** A flag that must be given. */
export function required<Value>(base: Flag<Value | undefined>): Flag<Value> {
  const schema = base.schema.transform((value, issues) => {
    if (value !== undefined) return value;
    issues.addIssue({ code: 'custom', message: 'is missing' });
    return z.NEVER;
  });
  return { ...base, schema };
}

/** Shows in help what is used when the flag is not given. The command resolves it: flag over environment over file. */
export function withDefault<Value>(base: Flag<Value>, defaultText: string): Flag<Value> {
  return { ...base, defaultText };
}

/** `hideInputs` as it is typed: `hide-inputs`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
