import { formatScore, type Verdict } from '../gate/index.ts';
import { plainText } from './plain-text.ts';

/** Options of {@link annotationLines}. */
export interface AnnotationOptions {
  readonly verdict: Verdict;
  readonly suite: string;
  /** Path of the dataset from the root of the repository, with `/` between folders. */
  readonly file: string;
  /** Line of each example in it, from 1. An example without one is left out. */
  readonly lines: ReadonlyMap<string, number>;
}

/** GitHub shows this many annotations of a level for one step ("Limitations", workflow commands). */
export const MAX_ANNOTATIONS = 10;

/**
 * Workflow commands of GitHub Actions that mark the lines of the dataset whose examples failed or got worse, the gravest
 * first: errors where the gate failed, else warnings. At most ten, as GitHub shows no more; the last one then says how many
 * there are. Each is one line without its line feed.
 */
export function annotationLines({ verdict, suite, file, lines }: AnnotationOptions): string[] {
  const said = new Map<string, string>();
  for (const { exampleId, status, reason } of verdict.critical)
    if (status === 'fail') said.set(exampleId, `Critical: ${reason ?? 'failed'}`);
  for (const [exampleId, changes] of Map.groupBy(verdict.worse, (change) => change.exampleId)) {
    if (said.has(exampleId)) continue;
    const scores = changes
      .slice(0, 3)
      .map(({ key, before, after }) => `${key} ${formatScore(before)} -> ${formatScore(after)}`)
      .join(', ');
    const comment = changes.find((change) => change.comment !== undefined)?.comment;
    said.set(exampleId, comment === undefined ? scores : `${scores}: ${comment}`);
  }
  const marks = [...said].flatMap(([exampleId, message]) => {
    const line = lines.get(exampleId);
    return line === undefined ? [] : [{ exampleId, message, line }];
  });
  const level = verdict.status === 'fail' ? 'error' : 'warning';
  return marks.slice(0, MAX_ANNOTATIONS).map(({ exampleId, message, line }, index) => {
    const more = marks.length - MAX_ANNOTATIONS;
    const rest =
      index === MAX_ANNOTATIONS - 1 && more > 0 ? ` (and ${more} more examples: see the report)` : '';
    const title = `${suite}: ${plainText(exampleId, 100)}`;
    return `::${level} file=${property(file)},line=${line},title=${property(title)}::${data(`${plainText(message, 500)}${rest}`)}`;
  });
}

/** As `escapeData` of GitHub's toolkit. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** As `escapeProperty` of GitHub's toolkit. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
