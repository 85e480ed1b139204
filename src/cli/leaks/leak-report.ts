import { formatCount, plainLine, shortLine } from '../trace-view/index.ts';
import type { Leak } from './find-leaks.ts';

/** What one run with canaries has shown. */
export interface LeakReport {
  readonly graph: string;
  /** How the run ended. */
  readonly outcome: string;
  /** What it failed with, as recorded. */
  readonly error?: string;
  readonly spanCount: number;
  /** The privacy options that were in force. */
  readonly privacy: Readonly<Record<'hideInputs' | 'hideOutputs' | 'hideMetadata' | 'redact', boolean>>;
  readonly canaries: number;
  /** Texts of the input without a canary. */
  readonly untouched: readonly string[];
  readonly leaks: readonly Leak[];
  readonly notes: readonly string[];
}

/** The report for a person: the fields by span, and what was not looked at. */
export function renderLeaks(report: LeakReport): string {
  const { leaks } = report;
  const on = Object.entries(report.privacy).flatMap(([name, isOn]) => (isOn ? [name] : []));
  const error = report.error === undefined ? '' : ` (${shortLine(report.error, 160)})`;
  const head = [
    `Leaks of ${plainLine(report.graph)}`,
    `run      ${report.outcome}${error}, ${formatCount(report.spanCount, 'span')}`,
    `privacy  ${on.length === 0 ? 'nothing is hidden' : on.join(', ')}`,
    '',
  ];
  const groups = Map.groupBy(leaks, ({ type, span }) => `${type} ${plainLine(span)}`);
  const width = Math.min(60, Math.max(0, ...leaks.map(({ path }) => plainLine(path).length)));
  const fields = [...groups].flatMap(([name, members]) => [
    name,
    ...members.map(({ path, from, spans }) => {
      const times = spans > 1 ? ` (${spans} spans)` : '';
      return `  ${plainLine(path).padEnd(width)}  ← ${from.map(plainLine).join(', ')}${times}`;
    }),
    '',
  ]);
  const verdict =
    leaks.length === 0
      ? `NONE LEAVES  none of ${formatCount(report.canaries, 'canary value')} is in what was recorded.`
      : `LEAKS  canary values leave by ${formatCount(leaks.length, 'field')}.`;
  return `${[...head, ...fields, verdict, ...report.notes.map((note) => `note: ${note}`)].join('\n')}\n`;
}
