import { z } from 'zod';
import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { builtInFingerprint } from './fingerprint.ts';
import { addedMessages } from './messages.ts';
import { parseOptions } from './options.ts';
import { referenceList } from './reference.ts';

const optionsSchema = z.strictObject({
  mode: z
    .enum(['strict', 'unordered', 'subset', 'superset'])
    .default('strict')
    .describe(
      'strict: the same tools in the same order. unordered: the same tools, as often, in any order. subset: no call that ' +
        'the reference lacks. superset: every call of the reference, and perhaps more.',
    ),
});
/** How the tools called are compared with the reference. */
export type ToolTrajectoryMode = z.output<typeof optionsSchema>['mode'];

/**
 * Compares the names of the tools called, in the order of the messages, with the reference's `tools: string[]`. 1 when
 * they match, else 0; does not apply where the reference has no `tools`. Key `tool_trajectory`.
 *
 * @throws UsageError `EVALUATOR_INVALID` for an option that is unknown or has the wrong type.
 */
export function toolTrajectory(options: z.input<typeof optionsSchema> = {}): Evaluator {
  const { mode } = parseOptions('tool_trajectory', optionsSchema, options);
  return {
    key: 'tool_trajectory',
    direction: 'higher',
    range: [0, 1],
    gate: true,
    fingerprint: builtInFingerprint('tool_trajectory', 1, { mode }),
    evaluate: ({ inputs, outputs, referenceOutputs }: EvaluatorArgs) => {
      const expected = referenceList(referenceOutputs, 'tools');
      if (expected === undefined) return { score: null, comment: 'The reference has no tools.' };
      const called = addedMessages(inputs, outputs).flatMap((message) => message.toolCalls);
      if (matches(called, expected, mode)) return { score: 1 };
      return { score: 0, comment: `Called ${shown(called)}; expected (${mode}) ${shown(expected)}.` };
    },
  };
}

function matches(called: readonly string[], expected: readonly string[], mode: ToolTrajectoryMode): boolean {
  switch (mode) {
    case 'strict':
      return called.length === expected.length && called.every((name, index) => name === expected[index]);
    case 'unordered':
      return called.length === expected.length && within(called, expected);
    case 'subset':
      return within(called, expected);
    case 'superset':
      return within(expected, called);
  }
}

/** Whether every name of `part` occurs in `whole` at least as often. */
function within(part: readonly string[], whole: readonly string[]): boolean {
  const left = new Map<string, number>();
  for (const name of whole) left.set(name, (left.get(name) ?? 0) + 1);
  return part.every((name) => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count > 0;
  });
}

function shown(names: readonly string[]): string {
  return names.length === 0 ? 'no tool' : names.join(', ');
}
