import Table from 'cli-table3';
import type { SpanError } from '../../core/index.ts';
import type { ListedTrace } from '../../store/index.ts';
import { NO_BORDERS } from '../table-borders.ts';
import { type Colors, colorsFor, outcomeLabel } from './outcome-mark.ts';
import { plainLine, shortLine } from './plain-text.ts';
import { formatAge, formatCount, formatDecision, formatDuration, formatTokens } from './units.ts';

/** Where a page is printed. */
export interface PageStyle {
  /** Width in columns. */
  readonly columns: number;
  /** False when it goes to a file or another program: then a line is as long as it needs to be. */
  readonly isTerminal: boolean;
  readonly color: boolean;
  /** The present, for ages; milliseconds since the epoch. */
  readonly nowMs: number;
}

const NAME_LENGTH = 18;
const ERROR_LENGTH = 200;
/** With less than this left for the error, a table says too little. */
const NARROWEST_ERROR = 16;

/**
 * Traces as a page: a table where it fits, on a narrow terminal two lines for each trace. Ids are whole, so that they can
 * be copied.
 */
export function renderTraceList(traces: readonly ListedTrace[], style: PageStyle): string {
  const colors = colorsFor(style.color);
  if (!style.isTerminal) return table(traces, style, colors, undefined).text;
  // Measured without colour: the library counts the codes of the heading as columns.
  const bare = table(traces, style, colorsFor(false), 0);
  const left = style.columns - bare.width;
  if (left < NARROWEST_ERROR) return cards(traces, style, colors);
  return table(traces, style, colors, left).text;
}

/** `errorWidth`: columns of the last column; 0 leaves it out, undefined makes it as wide as its text. */
function table(
  traces: readonly ListedTrace[],
  style: PageStyle,
  colors: Colors,
  errorWidth: number | undefined,
): { readonly text: string; readonly width: number } {
  const head = ['id', 'started', 'name', 'outcome', 'duration', 'spans', 'tokens', 'kept because', 'error'];
  const shown = errorWidth === 0 ? head.slice(0, -1) : head;
  const rows = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', 'left', 'right', 'right', 'right', 'left', 'left'],
    // The other columns are as wide as their widest cell.
    colWidths: errorWidth ? [...Array<null>(8).fill(null), errorWidth] : [],
    truncate: '…',
  });
  rows.push(shown.map((title) => colors.dim(title)));
  for (const trace of traces) {
    const cells = [
      plainLine(trace.id),
      formatAge(trace.startTimeMs, style.nowMs),
      shortLine(trace.name, NAME_LENGTH),
      outcomeLabel(trace.outcome, colors),
      formatDuration(trace.endTimeMs - trace.startTimeMs),
      String(trace.spanCount),
      String(trace.usage?.totalTokens ?? '-'),
      keptBecause(trace),
      errorLine(trace.error),
    ];
    rows.push(cells.slice(0, shown.length));
  }
  const text = rows
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
  return { text: `${text}\n`, width: rows.width };
}

function cards(traces: readonly ListedTrace[], style: PageStyle, colors: Colors): string {
  const lines = traces.flatMap((trace) => {
    const facts = [
      formatAge(trace.startTimeMs, style.nowMs),
      shortLine(trace.name, NAME_LENGTH),
      formatDuration(trace.endTimeMs - trace.startTimeMs),
      formatCount(trace.spanCount, 'span'),
      formatTokens(trace.usage),
      `kept: ${shortLine(formatDecision(trace.decision), NAME_LENGTH)}`,
    ].filter((fact) => fact !== undefined);
    const error = errorLine(trace.error);
    return [
      `${plainLine(trace.id)}  ${outcomeLabel(trace.outcome, colors)}${trace.pin === undefined ? '' : '  pinned'}`,
      `  ${shortLine(facts.join(' · '), Math.max(style.columns - 2, NARROWEST_ERROR))}`,
      ...(error === ''
        ? []
        : [`  ${colors.red(shortLine(error, Math.max(style.columns - 2, NARROWEST_ERROR)))}`]),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function keptBecause({ decision, pin }: ListedTrace): string {
  return `${shortLine(formatDecision(decision), NAME_LENGTH)}${pin === undefined ? '' : ', pinned'}`;
}

function errorLine(error: SpanError | undefined): string {
  return error === undefined ? '' : shortLine(`${error.name}: ${error.message}`, ERROR_LENGTH);
}
