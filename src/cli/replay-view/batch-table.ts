import Table from 'cli-table3';
import type { ReplayResult } from '../../replay/index.ts';
import { isTraceDiff } from '../../replay/index.ts';
import { NO_BORDERS } from '../table-borders.ts';
import { colorsFor, formatCount, plainLine, shortLine } from '../trace-view/index.ts';
import { isGood } from './verdict-text.ts';

/** One run of a batch: what its replay has shown, or why there is none. */
export type BatchRow = { readonly traceId: string; readonly recorded: string } & (
  | { readonly kind: 'replayed'; readonly result: ReplayResult }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string }
);

/** A batch of replays as one table, with a summary line. */
export function renderBatch(
  rows: readonly BatchRow[],
  style: { readonly color: boolean; readonly on: string },
): string {
  const colors = colorsFor(style.color);
  const table = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [], compact: true },
  });
  table.push(
    ['trace', 'recorded', 'verdict', 'first difference, or why not'].map((title) => colors.dim(title)),
  );
  for (const row of rows) {
    const verdict = row.kind === 'replayed' ? row.result.verdict.toUpperCase() : 'NOT REPLAYED';
    const good = row.kind === 'replayed' && isGood(row.result.verdict);
    table.push([
      plainLine(row.traceId),
      shortLine(row.recorded, 60),
      (good ? colors.green : colors.red)(verdict),
      shortLine(reasonOf(row), 160),
    ]);
  }
  const text = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
  const counts = new Map<string, number>();
  for (const row of rows) {
    const word = row.kind === 'replayed' ? row.result.verdict : 'not replayed';
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const summary = [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
  return `${text}\n\n${formatCount(rows.length, 'run')} on ${plainLine(style.on)}: ${summary}.\n`;
}

function reasonOf(row: BatchRow): string {
  if (row.kind === 'refused') return row.reason;
  const { result } = row;
  if (result.stopped !== undefined) return result.stopped;
  const { diff } = result;
  if (!isTraceDiff(diff)) return diff.answerChanged ? 'the answer changed' : 'no difference';
  return diff.first?.summary ?? 'no difference';
}
