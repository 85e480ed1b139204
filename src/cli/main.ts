import yargs, { type Argv } from 'yargs';
import { EXIT, type ExitCode, errorMessage, SluiceError, UsageError } from '../core/index.ts';
import type { Command, CommandContext } from './command.ts';
import { type Flag, kebabCase } from './flag.ts';

const WAY_OUT = 'Run with --help to see what it takes.';

/**
 * Runs the program: finds the command in `argv`, runs it, prints what went wrong in one line, and returns the exit code.
 * Never throws and never ends the process.
 */
export async function main(
  argv: readonly string[],
  commands: readonly Command[],
  context: CommandContext,
  version: string,
): Promise<ExitCode> {
  try {
    const call = await parse(argv, commands, version);
    if (call.kind === 'text') {
      context.stdout.write(`${call.text}\n`);
      return EXIT.pass;
    }
    return await call.command.run(call.typed, context);
  } catch (thrown) {
    if (context.signal.aborted) {
      context.stderr.write('Interrupted.\n');
      return EXIT.interrupted;
    }
    return report(thrown, context);
  }
}

type Call =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'run'; readonly command: Command; readonly typed: Readonly<Record<string, unknown>> };

async function parse(argv: readonly string[], commands: readonly Command[], version: string): Promise<Call> {
  let chosen: Call | undefined;
  const choose = (command: Command, typed: Record<string, unknown>) => {
    chosen = { kind: 'run', command, typed };
  };
  const program = yargs([])
    .scriptName('sluice')
    .usage('Usage: $0 <command> [options]\n\nObservability and evaluation gate for LangGraph.js agents.')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'camel-case-expansion': false,
      'boolean-negation': false,
    })
    .version(version)
    .help()
    .wrap(110)
    .strict()
    .demandCommand(1, 'Which command?')
    .epilogue('Exit codes: 0 pass, 1 the gate failed, 2 wrong usage, 3 no verdict, 130 interrupted.')
    .exitProcess(false)
    .fail((message, error) => {
      throw (
        error ??
        new UsageError('USAGE', `${message.replaceAll('\n', ' ').replace(/([^.?])$/, '$1.')}`, {
          hint: WAY_OUT,
        })
      );
    });
  for (const [group, members] of byGroup(commands)) {
    const single = members[0];
    if (single !== undefined && single.path.length === 1) addCommand(program, single, choose);
    else
      program.command(group, groupSummary(members), (sub) => {
        for (const member of members) addCommand(sub, member, choose);
        return sub.usage(`Usage: $0 ${group} <command>`).demandCommand(1, `Which ${group} command?`).strict();
      });
  }
  let printed = '';
  await program.parseAsync([...argv], {}, (_error, _argv, output) => {
    printed = output;
  });
  if (chosen !== undefined) return chosen;
  if (printed !== '') return { kind: 'text', text: printed };
  throw new UsageError('USAGE', 'Which command?', { hint: WAY_OUT });
}

function byGroup(commands: readonly Command[]): Map<string, Command[]> {
  const groups = new Map<string, Command[]>();
  for (const command of commands)
    groups.set(command.path[0], [...(groups.get(command.path[0]) ?? []), command]);
  return groups;
}

function groupSummary(members: readonly Command[]): string {
  return members
    .map((member) => `${member.path.slice(1).join(' ')}: ${member.describe.replace(/\.$/, '')}`)
    .join('; ');
}

function addCommand(
  program: Argv,
  command: Command,
  choose: (command: Command, typed: Record<string, unknown>) => void,
): void {
  const positionals = Object.entries(command.positionals);
  const words = positionals.map(([name, flag]) =>
    isOptional(flag) ? `[${kebabCase(name)}]` : `<${kebabCase(name)}>`,
  );
  program.command(
    [command.path.at(-1), ...words].join(' '),
    command.describe,
    (sub) => {
      for (const [name, flag] of positionals) {
        sub.positional(kebabCase(name), { describe: flag.describe, type: 'string' });
      }
      for (const [name, flag] of Object.entries(command.flags))
        sub.option(kebabCase(name), yargsOption(flag));
      for (const [line, does] of command.examples) sub.example(line, does);
      return sub.usage(`Usage: $0 ${[...command.path, ...words].join(' ')} [options]\n\n${command.describe}`);
    },
    (typed) => choose(command, typed),
  );
}

function isOptional(flag: Flag<unknown>): boolean {
  return flag.schema.safeParse(undefined).success;
}

function yargsOption(flag: Flag<unknown>) {
  const describe =
    flag.defaultText === undefined ? flag.describe : `${flag.describe} [default: ${flag.defaultText}]`;
  if (flag.kind === 'switch') return { describe, type: 'boolean' as const };
  return { describe: `${describe}`, type: 'string' as const, requiresArg: true };
}

function report(thrown: unknown, context: CommandContext): ExitCode {
  if (thrown instanceof SluiceError) {
    context.stderr.write(`sluice: ${errorMessage(thrown)}\n`);
    if (thrown.hint !== undefined) context.stderr.write(`  ${thrown.hint}\n`);
    return thrown.exitCode;
  }
  // Not one of ours: a defect. The stack is what a report needs, and it is asked for rather than thrown at the user.
  context.stderr.write(`sluice: unexpected error: ${errorMessage(thrown)}\n`);
  if (context.env['SLUICE_DEBUG'] && thrown instanceof Error) context.stderr.write(`${thrown.stack}\n`);
  else context.stderr.write('  Set SLUICE_DEBUG=1 to see where it came from.\n');
  return EXIT.noVerdict;
}
