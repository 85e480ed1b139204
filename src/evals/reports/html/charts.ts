import { type EvaluatorVerdict, formatChange, formatScore } from '../../gate/index.ts';
import type { Trend } from '../history-trend.ts';
import type { Distribution } from '../report-page.ts';
import { type Html, html } from './markup.ts';

/** Pixels of the plot of a change. */
const CHANGE_WIDTH = 260;
const CHANGE_HEIGHT = 30;
const CHANGE_PADDING = 8;

/** What the plots of changes of one table share, so that they can be compared by eye. */
export interface ChangeScale {
  /** Largest change that is drawn to scale, for the worse and for the better. */
  readonly worst: number;
  readonly best: number;
}

/** A change of more than this is drawn as an arrow: one outlier must not flatten all others. */
const MAX_DRAWN = 0.6;

/** The scale on which every change and limit of these verdicts is seen. */
export function changeScale(verdicts: readonly EvaluatorVerdict[]): ChangeScale {
  const gains = verdicts.flatMap((verdict) => {
    const interval = verdict.statistics?.interval ?? null;
    const changes = [verdict.relativeChange, ...(interval ?? [])].filter((change) => change !== null);
    return [-verdict.threshold * 1.5, ...changes.map((change) => gainOf(verdict, change))];
  });
  return {
    worst: Math.max(-MAX_DRAWN, Math.min(-0.06, ...gains) * 1.1),
    best: Math.min(MAX_DRAWN, Math.max(0.03, ...gains) * 1.1),
  };
}

/** A relative change with its sign turned so that less is worse. */
function gainOf({ direction }: Pick<EvaluatorVerdict, 'direction'>, change: number): number {
  return direction === 'higher' ? change : -change;
}

/**
 * The change of one evaluator against its baseline: a dot with its 95% interval, the limit as a line, what lies beyond it
 * shaded. Worse is left, whatever the direction of the evaluator.
 */
export function changePlot(verdict: EvaluatorVerdict, scale: ChangeScale): Html | null {
  const { relativeChange, statistics, threshold, gated } = verdict;
  if (relativeChange === null) return null;
  const inside = CHANGE_WIDTH - 2 * CHANGE_PADDING;
  const x = (gain: number) => {
    const place = (gain - scale.worst) / (scale.best - scale.worst);
    return round(CHANGE_PADDING + Math.min(1, Math.max(0, place)) * inside);
  };
  const middle = CHANGE_HEIGHT / 2;
  const interval = statistics?.interval ?? null;
  const ends = interval?.map((change) => gainOf(verdict, change)).sort((a, b) => a - b);
  const gain = gainOf(verdict, relativeChange);
  const limit = x(-threshold);
  const label = [
    `Change ${formatChange(relativeChange)}`,
    ...(interval === null
      ? []
      : [`95% interval ${formatChange(interval[0])} to ${formatChange(interval[1])}`]),
    ...(gated ? [`limit ${formatChange(verdict.direction === 'higher' ? -threshold : threshold)}`] : []),
  ].join(', ');
  const isBeyond = gain < scale.worst || gain > scale.best;
  return html`<svg class="change" role="img" aria-label="${label}" viewBox="0 0 ${CHANGE_WIDTH} ${CHANGE_HEIGHT}" width="${CHANGE_WIDTH}" height="${CHANGE_HEIGHT}"><title>${label}</title>${
    gated &&
    html`<rect class="beyond" x="0" y="2" width="${limit}" height="${CHANGE_HEIGHT - 4}" rx="2"></rect><line class="limit" x1="${limit}" x2="${limit}" y1="2" y2="${CHANGE_HEIGHT - 2}"></line>`
  }<line class="zero" x1="${x(0)}" x2="${x(0)}" y1="2" y2="${CHANGE_HEIGHT - 2}"></line>${
    ends !== undefined &&
    html`<line class="interval" x1="${x(ends[0] ?? gain)}" x2="${x(ends[1] ?? gain)}" y1="${middle}" y2="${middle}"></line>${ends.map(
      (end) =>
        html`<line class="interval end" x1="${x(end)}" x2="${x(end)}" y1="${middle - 4}" y2="${middle + 4}"></line>`,
    )}`
  }${
    isBeyond
      ? html`<path class="dot ${verdict.status}" d="M ${x(gain)} ${middle - 6} l ${gain < 0 ? -7 : 7} 6 l ${gain < 0 ? 7 : -7} 6 z"></path>`
      : html`<circle class="dot ${verdict.status}" cx="${x(gain)}" cy="${middle}" r="5"></circle>`
  }</svg>`;
}

const PLOT_WIDTH = 280;
const PLOT_HEIGHT = 96;
const AXIS_HEIGHT = 16;
const MAX_BINS = 12;

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly after: number;
}

/** How many examples have which score: bars for this run, steps for the baseline over them. */
export function distributionPlot(distribution: Distribution): Html {
  const bins = toBins(distribution);
  const { before, after } = distribution;
  const most = Math.max(1, ...bins.map((bin) => Math.max(bin.before, bin.after)));
  const bottom = PLOT_HEIGHT - AXIS_HEIGHT;
  const width = PLOT_WIDTH / bins.length;
  const heightOf = (count: number) => round((count / most) * (bottom - 6));
  const bars = bins.map((bin, index) => {
    const height = heightOf(bin.after);
    return html`<rect class="now" x="${round(index * width + 2)}" y="${round(bottom - height)}" width="${round(width - 4)}" height="${height}"><title>${rangeText(bin)}: ${bin.after} now${before.length > 0 && `, ${bin.before} before`}</title></rect>`;
  });
  const steps = bins
    .map((bin, index) => {
      const y = round(bottom - heightOf(bin.before));
      return `M ${round(index * width + 1)} ${bottom} V ${y} H ${round((index + 1) * width - 1)} V ${bottom}`;
    })
    .join(' ');
  const [first, last] = [bins[0], bins.at(-1)];
  const label = `Scores of ${after.length} examples. ${bins
    .filter((bin) => bin.before + bin.after > 0)
    .map((bin) => `${rangeText(bin)}: ${bin.after} now${before.length > 0 ? `, ${bin.before} before` : ''}`)
    .join('. ')}`;
  return html`<svg class="distribution" role="img" aria-label="${label}" viewBox="0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}">${bars}${
    before.length > 0 && html`<path class="before" d="${steps}"></path>`
  }<line class="axis" x1="0" x2="${PLOT_WIDTH}" y1="${bottom}" y2="${bottom}"></line><text x="0" y="${PLOT_HEIGHT - 3}">${formatScore(first?.from ?? 0)}</text><text x="${PLOT_WIDTH}" y="${PLOT_HEIGHT - 3}" text-anchor="end">${formatScore(last?.to ?? 1)}</text></svg>`;
}

function rangeText({ from, to }: Bin): string {
  return from === to ? formatScore(from) : `${formatScore(from)} to ${formatScore(to)}`;
}

/** One bin a value where there are few; else bins of equal width over the range, or over what occurs where it is open. */
function toBins({ before, after, range }: Distribution): Bin[] {
  const values = [...before, ...after];
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  const [min, max] = range;
  if (min === 0 && max === 1 && distinct.every((value) => value === 0 || value === 1))
    return [0, 1].map((value) => ({ from: value, to: value, ...countIn(before, after, value, value) }));
  const low = min ?? distinct[0] ?? 0;
  const high = Math.max(low, max ?? distinct.at(-1) ?? 1);
  if (high === low) return [{ from: low, to: high, before: before.length, after: after.length }];
  const count = min !== null && max !== null ? 10 : MAX_BINS;
  const size = (high - low) / count;
  const place = (value: number) => Math.min(count - 1, Math.max(0, Math.floor((value - low) / size + 1e-9)));
  const bins = Array.from({ length: count }, () => ({ before: 0, after: 0 }));
  for (const [side, scores] of [['before', before] as const, ['after', after] as const])
    for (const score of scores) {
      const bin = bins[place(score)];
      if (bin !== undefined) bin[side] += 1;
    }
  return bins.map((bin, index) => ({ from: low + index * size, to: low + (index + 1) * size, ...bin }));
}

function countIn(before: readonly number[], after: readonly number[], from: number, to: number) {
  const count = (scores: readonly number[]) => scores.filter((score) => score >= from && score <= to).length;
  return { before: count(before), after: count(after) };
}

const TREND_WIDTH = 280;
const TREND_HEIGHT = 84;
/** Points that are drawn as dots; a longer line has only its last one and those that failed. */
const MAX_DOTS = 40;

/** A score over past runs, oldest left; a gap where a run has none, a red dot where the gate failed by it. */
export function trendPlot({ key, values, failed, first, last }: Trend): Html {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const inside = { left: 6, width: TREND_WIDTH - 12, top: 10, height: TREND_HEIGHT - 34 };
  const step = values.length > 1 ? inside.width / (values.length - 1) : 0;
  const points = values.map((value, index) => {
    if (value === null) return undefined;
    const place = high === low ? 0.5 : (value - low) / (high - low);
    const x = values.length > 1 ? inside.left + index * step : TREND_WIDTH / 2;
    return { x: round(x), y: round(inside.top + (1 - place) * inside.height), index, value };
  });
  const path = points
    .flatMap((point, index) =>
      point === undefined ? [] : `${points[index - 1] === undefined ? 'M' : 'L'} ${point.x} ${point.y}`,
    )
    .join(' ');
  const newest = points.findLast((point) => point !== undefined);
  const dots = points
    .filter((point) => point !== undefined)
    .filter((point) => values.length <= MAX_DOTS || point === newest || failed[point.index] === true);
  const label =
    first === null || last === null
      ? `${key}: no score`
      : `${key} over ${known.length} runs: from ${formatScore(first)} to ${formatScore(last)}, lowest ${formatScore(low)}, highest ${formatScore(high)}`;
  const bottom = TREND_HEIGHT - 18;
  return html`<svg class="trend" role="img" aria-label="${label}" viewBox="0 0 ${TREND_WIDTH} ${TREND_HEIGHT}"><line x1="0" x2="${TREND_WIDTH}" y1="${bottom}" y2="${bottom}"></line><path d="${path}"></path>${dots.map(
    ({ x, y, index, value }) =>
      html`<circle class="${failed[index] === true && 'failed'}" cx="${x}" cy="${y}" r="3.5"><title>${formatScore(value)}</title></circle>`,
  )}<text x="0" y="${TREND_HEIGHT - 4}">lowest ${known.length > 0 && formatScore(low)}</text><text x="${TREND_WIDTH}" y="${TREND_HEIGHT - 4}" text-anchor="end">highest ${known.length > 0 && formatScore(high)}</text></svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
