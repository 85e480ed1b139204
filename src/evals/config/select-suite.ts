import { UsageError } from '../../core/index.ts';
import { didYouMean } from './did-you-mean.ts';
import type { LoadedConfig } from './load-config.ts';
import type { Suite } from './schema.ts';

/**
 * The suite of this name, or the only one there is when no name is given.
 *
 * @throws UsageError `SUITE_UNKNOWN` or `SUITE_AMBIGUOUS`, listing the names.
 */
export function selectSuite(config: LoadedConfig, name: string | undefined): Suite {
  const names = config.suites.map((suite) => suite.name);
  if (name === undefined) {
    const [only, other] = config.suites;
    if (only !== undefined && other === undefined) return only;
    throw new UsageError('SUITE_AMBIGUOUS', `Which suite? ${config.file} has ${names.join(', ')}.`, {
      hint: `Name one: sluice eval ${names[0] ?? '<suite>'}`,
    });
  }
  const suite = config.suites.find((candidate) => candidate.name === name);
  if (suite !== undefined) return suite;
  const meant = didYouMean(name, names);
  throw new UsageError('SUITE_UNKNOWN', `${config.file} has no suite ${JSON.stringify(name)}.`, {
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}It has ${names.join(', ')}.`,
  });
}
