import yargs from 'yargs';
import { EXIT, type ExitCode, errorMessage, SluiceError, UsageError } from '../core/index.ts';
import type { Command, CommandContext } from './command.ts';
import { errorLines } from './error-lines.ts';
import { type Found, findCommand } from './find-command.ts';
import { kebabCase } from './flag.ts';
import { commandHelp, groupHelp, programHelp } from './help.ts';

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
    const call = await parse(argv, commands, context, version);
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

async function parse(
  argv: readonly string[],
  commands: readonly Command[],
  context: CommandContext,
  version: string,
): Promise<Call> {
  const options = beforeSeparator(argv);
  const firstOption = options.findIndex((word) => word.startsWith('-'));
  const asksHelp = options[0] === 'help' || options.some((word) => word === '--help' || word === '-h');
  if (asksHelp) {
    const words = options.filter((word, index) => !word.startsWith('-') && (index > 0 || word !== 'help'));
    return { kind: 'text', text: helpOf(findCommand(words, commands), commands, context.stdout.columns) };
  }
  if (options.includes('--version')) return { kind: 'text', text: version };
  const found = findCommand(firstOption < 0 ? options : options.slice(0, firstOption), commands);
  if (found.kind !== 'command') {
    const [group, list] = found.kind === 'group' ? [`${found.group} `, found.members] : ['', commands];
    const question = argv.length > 0 && group === '' ? 'The command comes first.' : `Which ${group}command?`;
    throw new UsageError('COMMAND_MISSING', question, {
      hint: `Known: ${list.map(({ path }) => path.join(' ')).join(', ')}. Run sluice ${group}--help to see what they do.`,
    });
  }
  const { command } = found;
  return { kind: 'run', command, typed: await parseFlags(argv.slice(command.path.length), command) };
}

function beforeSeparator(argv: readonly string[]): readonly string[] {
  const separator = argv.indexOf('--');
  return separator < 0 ? argv : argv.slice(0, separator);
}

function helpOf(found: Found, commands: readonly Command[], columns: number): string {
  switch (found.kind) {
    case 'program':
      return programHelp(commands, columns);
    case 'group':
      return groupHelp(found.group, found.members, columns);
    case 'command':
      return commandHelp(found.command, columns);
  }
}

/** What was typed behind the words of a command, by kebab-case name; its schemas parse the values. */
async function parseFlags(
  args: readonly string[],
  command: Command,
): Promise<Readonly<Record<string, unknown>>> {
  const wayOut = `Run sluice ${command.path.join(' ')} --help to see what it takes.`;
  const wrongUsage = (message: string) => new UsageError('USAGE', message, { hint: wayOut });
  const positionals = Object.keys(command.positionals).map(kebabCase);
  // The last argument may be a list, which takes every word that is left.
  const list = Object.values(command.positionals).at(-1)?.kind === 'list' ? positionals.at(-1) : undefined;
  for (const [name, flag] of Object.entries(command.flags)) {
    // The parser reads --json=no as false without a word.
    const valued = beforeSeparator(args).find((word) => word.startsWith(`--${kebabCase(name)}=`));
    if (flag.kind === 'switch' && valued !== undefined)
      throw wrongUsage(`--${kebabCase(name)} takes no value.`);
  }
  let typed: Readonly<Record<string, unknown>> = {};
  const program = yargs([])
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'camel-case-expansion': false,
      'boolean-negation': false,
    })
    .version(false)
    .help(false)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      if (error instanceof SluiceError) throw error;
      // An error without a message comes from the parser itself, for example of an option without its value.
      throw wrongUsage(complaint(message ?? errorMessage(error), args));
    })
    // Each argument is optional to the parser: the schema of a required one has the better message.
    .command(
      ['$0', ...positionals.map((name) => (name === list ? `[${name}..]` : `[${name}]`))].join(' '),
      command.describe,
      (sub) => {
        for (const name of positionals) sub.positional(name, { type: 'string' });
        for (const [name, flag] of Object.entries(command.flags))
          sub.option(
            kebabCase(name),
            flag.kind === 'switch' ? { type: 'boolean' } : { type: 'string', requiresArg: true },
          );
        return sub;
      },
      (parsed) => {
        // The parser keeps what stands behind a bare -- apart; it fills the arguments that are still open.
        const rest = parsed._.map(String);
        const open = positionals.filter((name) => name !== list && parsed[name] === undefined);
        const left = rest.slice(open.length);
        if (left[0] !== undefined && list === undefined)
          throw wrongUsage(`Unexpected argument ${JSON.stringify(left[0])}.`);
        typed = { ...parsed, ...Object.fromEntries(open.map((name, index) => [name, rest[index]])) };
        if (list !== undefined) typed = { ...typed, [list]: [parsed[list] ?? [], left].flat() };
      },
    );
  await program.parseAsync([...args]);
  return typed;
}

/** The parser's complaint as the user would say it. */
function complaint(message: string, args: readonly string[]): string {
  const [, name = ''] = /^Unknown arguments?: ([^,]+)/.exec(message) ?? [];
  if (name !== '') {
    const option = args.find(
      (word) => /^--?[^-]/.test(word) && word.replace(/^-+/, '').split('=')[0] === name,
    );
    return option === undefined
      ? `Unexpected argument ${JSON.stringify(name)}.`
      : `There is no option ${option.split('=')[0]}.`;
  }
  const [, valueless] = /^Not enough arguments following: (.+)$/.exec(message) ?? [];
  if (valueless !== undefined) return `--${valueless} needs a value.`;
  return `${message.replaceAll('\n', ' ').replace(/([^.?])$/, '$1.')}`;
}

function report(thrown: unknown, context: CommandContext): ExitCode {
  if (thrown instanceof SluiceError) {
    context.stderr.write(errorLines(thrown));
    return thrown.exitCode;
  }
  // Not one of ours: a defect. The stack is what a report needs, and it is asked for rather than thrown at the user.
  context.stderr.write(`sluice: unexpected error: ${errorMessage(thrown)}\n`);
  if (context.env['SLUICE_DEBUG'] && thrown instanceof Error) context.stderr.write(`${thrown.stack}\n`);
  else context.stderr.write('  Set SLUICE_DEBUG=1 to see where it came from.\n');
  return EXIT.noVerdict;
}
