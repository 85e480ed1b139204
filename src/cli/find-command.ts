import { UsageError } from '../core/index.ts';
import type { Command } from './command.ts';

/** What the words at the start of a command line name. */
export type Found =
  | { readonly kind: 'program' }
  | { readonly kind: 'group'; readonly group: string; readonly members: readonly Command[] }
  | { readonly kind: 'command'; readonly command: Command };

/**
 * Finds what `words` (everything before the first option) call. Words behind a command's path are its arguments.
 *
 * @throws UsageError `COMMAND_UNKNOWN` naming the word, with the known commands.
 */
export function findCommand(words: readonly string[], commands: readonly Command[]): Found {
  const [first, second] = words;
  if (first === undefined) return { kind: 'program' };
  const members = commands.filter((command) => command.path[0] === first);
  // `eval merge` before `eval`, which takes a word of its own.
  const command = members
    .toSorted((a, b) => b.path.length - a.path.length)
    .find(({ path }) => path.every((word, index) => words[index] === word));
  if (command !== undefined) return { kind: 'command', command };
  if (members.length === 0) throw unknown(first, commands);
  if (second !== undefined) throw unknown(`${first} ${second}`, members);
  return { kind: 'group', group: first, members };
}

function unknown(typed: string, commands: readonly Command[]): UsageError {
  const known = commands.map(({ path }) => path.join(' ')).join(', ');
  return new UsageError('COMMAND_UNKNOWN', `There is no command ${JSON.stringify(typed)}.`, {
    hint: `Known: ${known}. Run sluice --help to see what they do.`,
  });
}
