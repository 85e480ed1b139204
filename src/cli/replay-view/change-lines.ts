import type { DiffLine, FieldChange } from '../../replay/index.ts';
import { type Colors, plainLine, shortLine } from '../trace-view/index.ts';

/** How much of changes is shown. */
export interface ChangeLimits {
  readonly changes: number;
  /** Lines of one text. */
  readonly lines: number;
  /** Characters of a line. */
  readonly width: number;
}

/** The fields that changed, as lines of `- before` and `+ after` under the name of each. */
export function changeLines(changes: readonly FieldChange[], colors: Colors, limits: ChangeLimits): string[] {
  const shown = changes.slice(0, limits.changes);
  const rest = changes.length - shown.length;
  return [
    ...shown.flatMap((change) => oneChange(change, colors, limits)),
    ...(rest > 0 ? [colors.dim(`… ${rest} more changed ${rest === 1 ? 'field' : 'fields'}`)] : []),
  ];
}

function oneChange(change: FieldChange, colors: Colors, limits: ChangeLimits): string[] {
  const head = change.path === '' ? [] : [colors.dim(plainLine(change.path))];
  const { text } = change;
  if (text !== undefined && text.length > 0) return [...head, ...textLines(text, colors, limits)];
  return [
    ...head,
    ...(change.before === undefined ? [] : [colors.red(`- ${valueText(change.before, limits.width)}`)]),
    ...(change.after === undefined ? [] : [colors.green(`+ ${valueText(change.after, limits.width)}`)]),
  ];
}

function textLines(text: readonly DiffLine[], colors: Colors, limits: ChangeLimits): string[] {
  const lines = text.slice(0, limits.lines).map((_, index) => textLine(text, index, colors, limits.width));
  const rest = text.length - lines.length;
  return rest > 0 ? [...lines, colors.dim(`  … ${rest} more lines`)] : lines;
}

function textLine(text: readonly DiffLine[], index: number, colors: Colors, width: number): string {
  const line = text[index] ?? { mark: 'gap', text: '' };
  switch (line.mark) {
    case 'gap':
      return colors.dim('  …');
    case 'same':
      return colors.dim(`  ${shortLine(line.text, width)}`);
    case 'removed':
      return colors.red(`- ${focused(line.text, partner(text, index), width)}`);
    case 'added':
      return colors.green(`+ ${focused(line.text, partner(text, index), width)}`);
  }
}

/** The line that one stands in the place of: the n-th added for the n-th removed of a block. */
function partner(text: readonly DiffLine[], index: number): string | undefined {
  const mark = text[index]?.mark;
  let start = index;
  while (text[start - 1]?.mark === mark) start -= 1;
  let end = index;
  while (text[end + 1]?.mark === mark) end += 1;
  const other =
    mark === 'removed' ? text[end + 1 + (index - start)] : text[start - (end - start + 1) + (index - start)];
  const wanted = mark === 'removed' ? 'added' : 'removed';
  return other?.mark === wanted ? other.text : undefined;
}

/** Of a long line the part around the first difference. */
function focused(line: string, other: string | undefined, width: number): string {
  if (line.length <= width || other === undefined) return shortLine(line, width);
  let at = 0;
  while (at < line.length && line[at] === other[at]) at += 1;
  const from = Math.max(0, at - Math.floor(width / 3));
  return from === 0 ? shortLine(line, width) : `…${shortLine(line.slice(from), width - 1)}`;
}

/** A value on one line. */
export function valueText(value: unknown, width: number): string {
  if (value === undefined) return '(none)';
  return shortLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)), width);
}
