import type { DiffRow, RowSide } from '../../replay/index.ts';
import { type Colors, formatDuration, outcomeMark, plainLine } from '../trace-view/index.ts';

/** More rows than this are shown around the changed ones only. */
const WHOLE_TREE_ROWS = 40;
const CONTEXT_ROWS = 2;
const MIN_CELL = 24;
const MAX_CELL = 60;

/** Two trees side by side: what ran in both, what changed (`~`), what is only on the left (`-`) or on the right (`+`). */
export function treeLines(
  rows: readonly DiffRow[],
  titles: readonly [before: string, after: string],
  columns: number,
  colors: Colors,
): string[] {
  if (rows.length === 0) return [];
  const cell = Math.max(MIN_CELL, Math.min(MAX_CELL, Math.floor((columns - 7) / 2)));
  const lines = [colors.dim(`  ${padded(titles[0], cell)}   ${titles[1]}`)];
  let left = 0;
  const flush = () => {
    if (left > 0) lines.push(colors.dim(`  … ${left} the same`));
    left = 0;
  };
  for (const [index, row] of rows.entries()) {
    if (rows.length > WHOLE_TREE_ROWS && !isNearChange(rows, index)) {
      left += 1;
      continue;
    }
    flush();
    lines.push(treeLine(row, cell, colors));
  }
  flush();
  return lines;
}

function isNearChange(rows: readonly DiffRow[], index: number): boolean {
  return rows
    .slice(Math.max(0, index - CONTEXT_ROWS), index + CONTEXT_ROWS + 1)
    .some(({ mark }) => mark !== 'same');
}

const MARKS = { same: ' ', changed: '~', removed: '-', added: '+' } as const;

function treeLine(row: DiffRow, cell: number, colors: Colors): string {
  const [before, after] = [side(row, row.before), side(row, row.after)];
  const paint = { same: colors.dim, changed: colors.yellow, removed: colors.red, added: colors.green }[
    row.mark
  ];
  return `  ${paint(padded(before, cell))} ${paint(MARKS[row.mark])} ${paint(padded(after, cell).trimEnd())}`.trimEnd();
}

function side(row: DiffRow, shown: RowSide | undefined): string {
  if (shown === undefined) return '';
  const indent = '  '.repeat(row.depth);
  const kind = row.kind === 'node' ? '' : `${row.kind} `;
  const mark = shown.outcome === 'success' ? '' : ` ${outcomeMark(shown.outcome, NO_COLORS)}`;
  const facts = [
    formatDuration(shown.durationMs),
    ...(shown.tokens === undefined ? [] : [`${shown.tokens} tok`]),
  ].join(' ');
  return `${indent}${kind}${plainLine(row.name)}${mark}  ${facts}`;
}

const asIs = (text: string | number | null | undefined) => String(text);
const NO_COLORS = { green: asIs, red: asIs, yellow: asIs } as Colors;

function padded(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text.padEnd(width + text.length - characters.length);
  return `${characters.slice(0, width - 1).join('')}…`;
}
