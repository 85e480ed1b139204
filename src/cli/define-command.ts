import { UsageError } from '../core/index.ts';
import type { Command, CommandDefinition } from './command.ts';
import { type Flags, type FlagValues, kebabCase } from './flag.ts';

/** Makes a command of its definition: what was typed is parsed by the flags' schemas before any work is loaded. */
export function defineCommand<P extends Flags, F extends Flags>(
  definition: CommandDefinition<P, F>,
): Command {
  const { load, ...declared } = definition;
  return {
    ...declared,
    async run(typed, context) {
      const values = {
        ...parseFlags(declared.positionals, typed, (name) => `<${kebabCase(name)}>`),
        ...parseFlags(declared.flags, typed, (name) => `--${kebabCase(name)}`),
      };
      const work = await load();
      return work(values as FlagValues<P> & FlagValues<F>, context);
    },
  };
}

function parseFlags(
  flags: Flags,
  typed: Readonly<Record<string, unknown>>,
  label: (name: string) => string,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const result = flag.schema.safeParse(typed[kebabCase(name)]);
    if (!result.success) {
      throw new UsageError(
        'FLAG_INVALID',
        `${label(name)} ${result.error.issues[0]?.message ?? 'is not valid'}.`,
      );
    }
    values[name] = result.data;
  }
  return values;
}
