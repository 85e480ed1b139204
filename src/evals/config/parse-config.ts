import { UsageError } from '../../core/index.ts';
import { schemaIssues } from '../schema-issue.ts';
import { didYouMean } from './did-you-mean.ts';
import {
  budgetSchema,
  configSchema,
  gateConfigSchema,
  keyPolicySchema,
  priceSchema,
  type Suite,
  suiteSchema,
} from './schema.ts';

/**
 * Parses the value of a configuration file; `file` is what errors call it.
 *
 * @throws UsageError `CONFIG_INVALID` naming file and path of the first mistake and the number of the others.
 */
export function parseConfig(value: unknown, file: string): readonly Suite[] {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data.suites;
  const [first, ...others] = schemaIssues(parsed.error);
  const path = first?.path === '' ? '' : `${first?.path}: `;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const meant = first?.unknownKey === undefined ? undefined : suggestion(first.path, first.unknownKey);
  throw new UsageError(
    'CONFIG_INVALID',
    `${file}: ${path}${first?.message ?? 'not valid'}${meant ?? ''}${more}`,
    {
      cause: parsed.error,
    },
  );
}

/** The keys known at a path, by its shape: which object of the schema the unknown key stands in. */
const KNOWN_KEYS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^suites\[\d+\]\.gate\.evaluators(\.|\[).+/, Object.keys(keyPolicySchema.shape)],
  [/^suites\[\d+\]\.budget(\.|\[).+/, Object.keys(budgetSchema.shape)],
  [/^suites\[\d+\]\.prices(\.|\[).+/, Object.keys(priceSchema.shape)],
  [/^suites\[\d+\]\.gate(\.|\[).+/, Object.keys(gateConfigSchema.shape)],
  [/^suites\[\d+\](\.|\[).+/, Object.keys(suiteSchema.shape)],
  [/^/, Object.keys(configSchema.shape)],
];

function suggestion(path: string, key: string): string {
  const [, known = []] = KNOWN_KEYS.find(([pattern]) => pattern.test(path)) ?? [];
  const meant = didYouMean(key, known);
  return meant === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${JSON.stringify(meant)}?`;
}
