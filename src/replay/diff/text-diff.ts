import { structuredPatch } from 'diff';

/** A line of a text diff. */
export interface DiffLine {
  readonly mark: 'same' | 'removed' | 'added' | 'gap';
  /** Without its line end. Of a `gap`: empty; lines that are the same were left out there. */
  readonly text: string;
}

const CONTEXT_LINES = 2;
/** Texts that differ in more places than this are shown as replaced: finding the fewest edits of them takes too long. */
const MAX_EDITS = 2_000;

/** The lines in which two texts differ, with two lines around them. Source: Myers' diff, by the package `diff`. */
export function textDiff(before: string, after: string): DiffLine[] {
  if (before === after) return [];
  const patch = structuredPatch('', '', ended(before), ended(after), undefined, undefined, {
    context: CONTEXT_LINES,
    maxEditLength: MAX_EDITS,
  });
  if (patch === undefined) return [...lines(before, 'removed'), ...lines(after, 'added')];
  return patch.hunks.flatMap((hunk, index): DiffLine[] => [
    ...(index > 0 || hunk.oldStart > 1 ? [{ mark: 'gap', text: '' } as const] : []),
    ...hunk.lines.map((line): DiffLine => ({ mark: MARKS[line[0] ?? ' '] ?? 'same', text: line.slice(1) })),
  ]);
}

const MARKS: Readonly<Record<string, DiffLine['mark']>> = { '-': 'removed', '+': 'added', ' ': 'same' };

/** A missing line end at the end of a text is no difference to a reader. */
function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function lines(text: string, mark: 'removed' | 'added'): DiffLine[] {
  return text.split('\n').map((line) => ({ mark, text: line }));
}
