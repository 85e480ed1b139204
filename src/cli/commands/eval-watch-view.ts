import { type ExampleChange, formatChange, formatScore, type Verdict } from '../../evals/gate/index.ts';
import { plainText } from '../../evals/reports/index.ts';
import type { Output } from '../command.ts';

/** Examples of each list: more would scroll away what matters. */
const SHOWN = 10;

/** What changed from one run to the next, for people: the means that moved, then the examples. */
export function renderWatchChanges(
  { evaluators, worse, better }: Pick<Verdict, 'evaluators' | 'worse' | 'better'>,
  { columns }: Pick<Output, 'columns'>,
): string {
  const means = evaluators.flatMap(({ key, baselineMean, candidateMean, relativeChange }) => {
    if (baselineMean === null || candidateMean === null || baselineMean === candidateMean) return [];
    const change = relativeChange === null ? '' : ` (${formatChange(relativeChange)})`;
    return [`  ${plainText(key)} ${formatScore(baselineMean)} -> ${formatScore(candidateMean)}${change}`];
  });
  const lines = [
    `Against the run before: ${count(worse.length, 'score')} worse, ${count(better.length, 'score')} better.`,
    ...means,
    ...listed('worse', worse),
    ...listed('better', better),
  ];
  return `${lines.map((line) => clip(line, columns)).join('\n')}\n`;
}

function listed(word: string, changes: readonly ExampleChange[]): string[] {
  const lines = changes.slice(0, SHOWN).map(({ exampleId, key, before, after, comment }) => {
    const why = comment === undefined ? '' : `: ${plainText(comment)}`;
    return `  ${word}  ${plainText(exampleId)} ${plainText(key)} ${formatScore(before)} -> ${formatScore(after)}${why}`;
  });
  if (changes.length > SHOWN) lines.push(`  and ${changes.length - SHOWN} more ${word}`);
  return lines;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function clip(line: string, columns: number): string {
  const width = Math.max(40, columns);
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
