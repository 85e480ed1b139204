import { z } from 'zod';
import { isRecord, UsageError } from '../../core/index.ts';
import type { Evaluator, EvaluatorArgs, EvaluatorFunction, EvaluatorSettings } from '../evaluator.ts';
import { BUILT_IN_NAMES, type BuiltInName, builtIn } from './built-ins.ts';
import { functionFingerprint } from './fingerprint.ts';
import { withBothMessageForms } from './message-forms.ts';
import { parseOptions } from './options.ts';

/** An evaluator function with its key and settings, as a suite may give it. */
export interface EvaluatorDefinition extends Partial<EvaluatorSettings> {
  readonly evaluate: EvaluatorFunction;
  /** Key of its score. Default: the name of the function. */
  readonly key?: string;
  /**
   * Change it when the meaning changes in a way that the function's own source does not show: another prompt, another
   * model, another helper. Default: the source text is what is compared.
   */
  readonly version?: string;
  /** The model that judges, such as `openai:gpt-5`: when it changes, the gate says so and compares nothing. */
  readonly judge?: string;
  readonly failureScore?: Evaluator['failureScore'];
  readonly measuresTime?: boolean;
}

/** What a suite may list under `evaluators`. */
export type EvaluatorEntry = Evaluator | EvaluatorDefinition | EvaluatorFunction | BuiltInName;

const isFunction = (value: unknown): boolean => typeof value === 'function';
const bound = z.number().finite().nullable();

const settingsShape = {
  evaluate: z.custom<EvaluatorFunction>(isFunction, { error: 'must be a function' }),
  key: z.string().trim().min(1).optional(),
  direction: z.enum(['higher', 'lower']).default('higher'),
  range: z
    .tuple([bound, bound])
    .refine(([min, max]) => min === null || max === null || min < max, {
      error: 'must be [min, max] with min below max',
    })
    .default([0, 1]),
  gate: z.boolean().default(true),
  judge: z.string().trim().min(1).optional(),
  failureScore: z
    .custom<NonNullable<Evaluator['failureScore']>>(isFunction, { error: 'must be a function' })
    .optional(),
  measuresTime: z.boolean().default(false),
};

const definitionSchema = z.strictObject({ ...settingsShape, version: z.string().min(1).optional() });
const evaluatorSchema = z.strictObject({
  ...settingsShape,
  key: z.string().trim().min(1),
  fingerprint: z.string().min(1),
});

/**
 * Makes an evaluator of what a suite lists: one that is an evaluator already, the name of a built-in, a function, or a
 * function with its key and settings. Functions are called as langsmith calls them: one argument that is the run and has
 * `run`, `example`, `inputs`, `outputs` and `referenceOutputs`, and the example as the second; so evaluators written for
 * langsmith (both forms), openevals and agentevals run unchanged.
 *
 * @throws UsageError `EVALUATOR_UNKNOWN` for a name that is no built-in, `EVALUATOR_INVALID` for anything else that is no
 * evaluator, has an unknown or mistyped setting, or has no name to make a key of.
 */
export function toEvaluator(entry: EvaluatorEntry): Evaluator {
  if (typeof entry === 'string') return named(entry);
  if (typeof entry === 'function') return defined({ evaluate: entry });
  if (!isRecord(entry)) {
    throw new UsageError(
      'EVALUATOR_INVALID',
      `An evaluator cannot be ${JSON.stringify(entry) ?? 'undefined'}.`,
      {
        hint: WAY_OUT,
      },
    );
  }
  if ('fingerprint' in entry) {
    const { failureScore, judge, ...evaluator } = parseOptions(String(entry['key']), evaluatorSchema, entry);
    return { ...evaluator, ...given({ failureScore, judge }) };
  }
  return defined(entry);
}

const WAY_OUT = `Give a function, { key, evaluate }, or one of ${BUILT_IN_NAMES.join(', ')}.`;

function named(name: string): Evaluator {
  const evaluator = builtIn(name);
  if (evaluator !== undefined) return evaluator;
  throw new UsageError('EVALUATOR_UNKNOWN', `There is no built-in evaluator ${JSON.stringify(name)}.`, {
    hint: `The built-ins: ${BUILT_IN_NAMES.join(', ')}.`,
  });
}

function defined(definition: unknown): Evaluator {
  const label =
    isRecord(definition) && typeof definition['key'] === 'string' ? definition['key'] : '{ evaluate }';
  const settings = parseOptions(label, definitionSchema, definition);
  const { evaluate, version, failureScore, judge, direction, range, gate, measuresTime } = settings;
  return {
    key: settings.key ?? nameOf(evaluate),
    direction,
    range,
    gate,
    measuresTime,
    fingerprint: functionFingerprint(evaluate, version),
    evaluate: (args: EvaluatorArgs) => callLikeLangsmith(evaluate, args),
    ...given({ failureScore, judge }),
  };
}

/** Leaves out what was not set. */
function given(settings: {
  readonly failureScore: Evaluator['failureScore'] | undefined;
  readonly judge: string | undefined;
}): Pick<Evaluator, 'failureScore' | 'judge'> {
  const { failureScore, judge } = settings;
  return {
    ...(failureScore === undefined ? {} : { failureScore }),
    ...(judge === undefined ? {} : { judge }),
  };
}

/** Libraries call the functions they make `_wrapped…` or nothing: as a key that would tell nobody anything. */
function nameOf(evaluate: EvaluatorFunction): string {
  const name = evaluate.name.replace(/^bound /, '');
  if (name !== '' && !name.startsWith('_') && name !== 'evaluate') return name;
  throw new UsageError('EVALUATOR_INVALID', 'An evaluator function without a name of its own needs a key.', {
    hint: 'Write { key: "my_score", evaluate: theFunction }.',
  });
}

function callLikeLangsmith(evaluate: EvaluatorFunction, args: EvaluatorArgs) {
  const inputs = withBothMessageForms(args.inputs);
  const outputs = withBothMessageForms(args.outputs);
  const run = { ...args.run, inputs, outputs };
  const reference =
    args.referenceOutputs === undefined ? undefined : withBothMessageForms(args.referenceOutputs);
  const example = {
    ...args.example,
    inputs,
    ...(reference === undefined ? {} : { outputs: reference }),
  };
  return evaluate({ ...run, run, example, inputs, outputs, referenceOutputs: reference }, example);
}
