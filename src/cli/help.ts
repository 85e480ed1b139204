import type { Command } from './command.ts';
import { type Flag, kebabCase } from './flag.ts';

const EXIT_CODES = 'Exit codes: 0 pass, 1 the gate failed, 2 wrong usage, 3 no verdict, 130 interrupted.';
/** Wider lines are hard to read, narrower ones have no room for two columns. */
const WIDTH = { min: 60, max: 110 };
/** A left cell that is longer gets its text on the next line. */
const MAX_LEFT = 30;

/** The help of the whole program: every command in a line. Pure; `columns` is the width of the terminal. */
export function programHelp(commands: readonly Command[], columns: number): string {
  return page(columns, [
    ['Usage: sluice <command> [options]'],
    ['Observability and evaluation gate for LangGraph.js agents.'],
    ['Commands:', ...commandRows(commands)],
    ['Options:', ['--help', 'Show help, also of a command.'], ['--version', 'Show the version.']],
    ['Run "sluice <command> --help" for the options and examples of a command.', EXIT_CODES],
  ]);
}

/** The help of the commands that share a first word, for example `traces`. */
export function groupHelp(group: string, members: readonly Command[], columns: number): string {
  return page(columns, [
    [`Usage: sluice ${group} <command> [options]`],
    ['Commands:', ...commandRows(members)],
    [`Run "sluice ${group} <command> --help" for the options and examples of a command.`],
  ]);
}

/** The help of one command: arguments, options with their values, defaults and choices, examples. */
export function commandHelp(command: Command, columns: number): string {
  const positionals = Object.entries(command.positionals);
  return page(columns, [
    [`Usage: ${usage(command)} [options]`],
    [command.describe],
    ['Arguments:', ...positionals.map(([name, flag]): Row => [kebabCase(name), described(flag)])],
    [
      'Options:',
      ...Object.entries(command.flags).map(([name, flag]): Row => [option(name, flag), described(flag)]),
      ['--help', 'Show this.'],
    ],
    ['Examples:', ...command.examples.flatMap(([line, does]) => example(line, does))],
    [EXIT_CODES],
  ]);
}

/** The words that call a command and its arguments: `sluice eval [suite]`. */
export function usage(command: Command): string {
  const positionals = Object.entries(command.positionals).map(([name, flag]) => {
    const word = `${kebabCase(name)}${flag.kind === 'list' ? '...' : ''}`;
    return isOptional(flag) ? `[${word}]` : `<${word}>`;
  });
  return ['sluice', ...command.path, ...positionals].join(' ');
}

/** Two cells, or a line of its own. */
type Row = readonly [left: string, right: string];
type Block = readonly (string | Row)[];

function commandRows(commands: readonly Command[]): Row[] {
  return commands.map((command) => [usage(command).replace(/^sluice /, ''), command.describe]);
}

function option(name: string, flag: Flag<unknown>): string {
  const typed = `--${kebabCase(name)}`;
  return flag.placeholder === undefined ? typed : `${typed} ${placeholder(flag, flag.placeholder)}`;
}

/** A long list of choices would push every description off to the right; it is in the description then. */
function placeholder(flag: Flag<unknown>, shown: string): string {
  return flag.choices !== undefined && shown.length > MAX_LEFT / 2 ? '<choice>' : shown;
}

function described(flag: Flag<unknown>): string {
  const { choices = [], defaultText, describe, kind } = flag;
  const isTold = choices.every((choice) => describe.includes(choice));
  return [
    describe,
    isTold ? '' : `[one of: ${choices.join(', ')}]`,
    kind === 'list' ? '[may be repeated]' : '',
    defaultText === undefined ? '' : `[default: ${defaultText}]`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function example(line: string, does: string): string[] {
  return [`  ${line.replace(/^\$0/, 'sluice')}`, `      ${does}`];
}

function isOptional(flag: Flag<unknown>): boolean {
  return flag.schema.safeParse(undefined).success;
}

/** Blocks with an empty line between; one that has a heading and no rows is left out. */
function page(columns: number, blocks: readonly Block[]): string {
  const width = Math.min(WIDTH.max, Math.max(WIDTH.min, columns));
  return blocks
    .filter(([head, ...rest]) => rest.length > 0 || !String(head).endsWith(':'))
    .map((block) => renderBlock(block, width))
    .join('\n\n');
}

function renderBlock(block: Block, width: number): string {
  const lefts = block.flatMap((line) => (typeof line === 'string' ? [] : [line[0].length]));
  const leftWidth = Math.max(0, ...lefts.filter((length) => length <= MAX_LEFT));
  return block
    .flatMap((line) =>
      // A command line in an example is copied: it stays in one piece.
      typeof line === 'string'
        ? line.startsWith('  ')
          ? [line]
          : wrap(line, width)
        : row(line, leftWidth, width),
    )
    .join('\n');
}

function row([left, right]: Row, leftWidth: number, width: number): string[] {
  const indent = leftWidth + 4;
  const [first = '', ...others] = wrap(right, width - indent);
  const pad = ' '.repeat(indent);
  const rest = others.map((line) => pad + line);
  return left.length > leftWidth
    ? [`  ${left}`, pad + first, ...rest]
    : [`  ${left.padEnd(leftWidth)}  ${first}`, ...rest];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
