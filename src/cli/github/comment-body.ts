import type { Verdict } from '../../evals/gate/index.ts';
import { type Results, renderMarkdownSummary } from '../../evals/reports/index.ts';
import { commentMarker, MAX_COMMENT_CHARS } from './comment.ts';

/** Options of {@link commentBody}. */
export interface CommentBodyOptions {
  readonly results: Results;
  readonly verdict: Verdict;
  /** Page of the workflow run, where the whole report is. */
  readonly runUrl?: string | undefined;
}

/** Examples of each list, the most that fit. */
const EXAMPLES = [20, 10, 5, 2, 0];

/** What a comment is about: a suite, or one split of it. */
export function commentName({ head }: Pick<Results, 'head'>): string {
  return head.split === undefined ? head.suite : `${head.suite}:${head.split}`;
}

/** The summary of a run as a comment, short enough for GitHub. */
export function commentBody({ results, verdict, runUrl }: CommentBodyOptions): string {
  const rest = runUrl === undefined ? 'the report' : `[the workflow run](${runUrl})`;
  const footer = runUrl === undefined ? '' : `\n[Report of this run](${runUrl})\n`;
  const room = MAX_COMMENT_CHARS - footer.length - commentMarker(commentName(results)).length - 1;
  let body = '';
  for (const maxExamples of EXAMPLES) {
    body = renderMarkdownSummary({ results, verdict, maxExamples, rest });
    if (body.length <= room) return `${body}${footer}`;
  }
  // Many evaluators or reasons: whole lines, as half a table row would be read as something else.
  const cut = body.slice(0, room - 40);
  return `${cut.slice(0, cut.lastIndexOf('\n') + 1)}\nThe rest is cut off.\n${footer}`;
}
