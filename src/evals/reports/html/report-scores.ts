import { type EvaluatorVerdict, formatChange, formatPercent } from '../../gate/index.ts';
import type { ReportPage } from '../report-page.ts';
import { type ScoreRow, scoreRows } from '../score-row.ts';
import { familyText, formatChance, formatRepeats, roundsText } from '../verdict-label.ts';
import { type ChangeScale, changePlot, changeScale, distributionPlot } from './charts.ts';
import { type Html, html } from './markup.ts';

/** The table of scores with their plots, what decided, and the distributions. */
export function reportScores(page: ReportPage): Html {
  const { verdict, gated } = page;
  const rows = scoreRows(verdict);
  const changed = verdict.evaluators.filter((each) => each.relativeChange !== null);
  // Times of an advisory evaluator, which may double, must not flatten what the gate looks at.
  const scale = changeScale(
    changed.some((each) => each.gated) ? changed.filter((each) => each.gated) : changed,
  );
  const head = gated
    ? html`<th scope="col">Evaluator</th><th scope="col" class="num">Baseline</th><th scope="col" class="num">Now</th><th scope="col" class="num">Change</th><th scope="col" class="num">Limit</th><th scope="col" class="plot"><span class="axis"><span>← worse</span><span>better →</span></span></th><th scope="col">Verdict</th>`
    : html`<th scope="col">Evaluator</th><th scope="col" class="num">Now</th>`;
  const body = rows.map((row, index) => {
    const evaluator = verdict.evaluators[index];
    return evaluator === undefined ? null : scoreRow(row, evaluator, { scale, gated });
  });
  const legend =
    gated &&
    changed.length > 0 &&
    html`<p class="legend"><span class="key dot-key">this run with its 95% interval</span><span class="key zero-key">the baseline</span><span class="key limit-key">the limit; shaded is beyond it</span></p>`;
  return html`<section aria-labelledby="scores"><h2 id="scores">Scores</h2><div class="scroll" tabindex="0" role="region" aria-label="Table of scores"><table class="scores"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>${legend}</section>${reasons(page)}${distributions(page)}`;
}

function scoreRow(
  row: ScoreRow,
  evaluator: EvaluatorVerdict,
  { scale, gated }: { readonly scale: ChangeScale; readonly gated: boolean },
): Html {
  const now = html`${row.now}${row.missing !== '' && html`<small class="missing">${row.missing}</small>`}`;
  if (!gated) return html`<tr><th scope="row">${row.key}</th><td class="num">${now}</td></tr>`;
  const tone = row.gated ? row.status : 'none';
  const classes = `tone-${tone}${row.gated ? '' : ' advisory'}`;
  const figures = trust(evaluator);
  return html`<tr class="${classes}${figures !== null && ' with-trust'}"><th scope="row">${row.key}</th><td class="num">${row.baseline}</td><td class="num strong">${now}</td><td class="num strong">${row.change}</td><td class="num">${row.limit}</td><td class="plot">${changePlot(evaluator, scale)}</td><td><span class="badge">${row.verdict}</span></td></tr>${
    figures !== null && html`<tr class="trust"><td colspan="7">${figures}</td></tr>`
  }`;
}

/** How far the figures of a row can be trusted. */
function trust({ n, statistics, status }: EvaluatorVerdict): Html | null {
  if (status === 'not_applicable' || statistics === null) return null;
  const { clusters, examples, baselineRepeats, candidateRepeats, pNoise, detectableDrop, interval } =
    statistics;
  const text = [
    `${n} example${n === 1 ? '' : 's'}${clusters < examples ? ` in ${clusters} clusters` : ''}`,
    `${formatRepeats(baselineRepeats)} vs ${formatRepeats(candidateRepeats)} runs`,
    ...(interval === null
      ? []
      : [`95% interval ${formatChange(interval[0])} to ${formatChange(interval[1])}`]),
    ...(pNoise === null ? [] : [`chance without any change ${formatChance(pNoise)}`]),
    ...(detectableDrop === null ? [] : [`sees drops of ${formatPercent(detectableDrop)} or more`]),
  ].join(' · ');
  return html`<small>${text}</small>`;
}

const EFFECT_TEXT = { fail: 'Fail', no_verdict: 'No verdict', warning: 'Note' } as const;

/** Ids named of a list of the dataset's changes. */
const MAX_IDS = 20;

function reasons({ verdict, gated }: ReportPage): Html | null {
  if (!gated) return null;
  const changed = [
    ['New since the baseline', verdict.added],
    ['Removed since the baseline', verdict.removed],
    ['Edited since the baseline', verdict.edited],
  ] as const;
  const notes = [
    ...[roundsText(verdict), familyText(verdict)].filter((text) => text !== undefined),
    ...(verdict.rule === 'literal' ? [] : [`The rule is ${verdict.rule}, not the literal one.`]),
    ...changed.flatMap(([title, ids]) =>
      ids.length === 0
        ? []
        : [
            `${title} (${ids.length}): ${ids.slice(0, MAX_IDS).join(', ')}${ids.length > MAX_IDS ? ` and ${ids.length - MAX_IDS} more` : ''}.`,
          ],
    ),
  ];
  const entries = [
    ...verdict.reasons.map(
      ({ effect, message, hint }) =>
        html`<li class="tone-${effect === 'warning' ? 'none' : effect}"><span class="badge">${EFFECT_TEXT[effect]}</span><span>${message}${hint !== undefined && html`<small>${hint}</small>`}</span></li>`,
    ),
    ...notes.map(
      (text) => html`<li class="tone-none"><span class="badge">Note</span><span>${text}</span></li>`,
    ),
  ];
  if (entries.length === 0) return null;
  return html`<section aria-labelledby="reasons"><h2 id="reasons">${verdict.reasons.length > 0 ? 'What decided' : 'Worth knowing'}</h2><ul class="reasons">${entries}</ul></section>`;
}

function distributions({ distributions: plots, hasBaseline }: ReportPage): Html | null {
  if (plots.length === 0) return null;
  return html`<section aria-labelledby="distributions"><h2 id="distributions">Distribution of scores</h2><p class="legend"><span class="key now-key">examples of this run</span>${
    hasBaseline && html`<span class="key before-key">the same examples in the baseline</span>`
  }</p><div class="plots">${plots.map(
    (plot) =>
      html`<figure><figcaption>${plot.verdict.key} <small>${plot.after.length} examples${plot.verdict.direction === 'lower' && ', less is better'}</small></figcaption>${distributionPlot(plot)}</figure>`,
  )}</div></section>`;
}
