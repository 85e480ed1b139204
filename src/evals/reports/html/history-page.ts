import { formatScore } from '../../gate/index.ts';
import { trends } from '../history-trend.ts';
import type { RunSummary } from '../run-summary.ts';
import { verdictText } from '../terminal-history.ts';
import { trendPlot } from './charts.ts';
import { renderDocument } from './document.ts';
import { type Html, html } from './markup.ts';
import { shortCommit } from './report-header.ts';
import { PAGE_STYLES } from './styles.ts';

/** Options of {@link renderHtmlHistory}. */
export interface HistoryPageOptions {
  /** By suite, each oldest first. */
  readonly suites: ReadonlyMap<string, readonly RunSummary[]>;
  /** Where the report of a run is, from the page. Default: none are linked. */
  readonly reportOf?: (runId: string) => string | undefined;
}

/** A page over past runs: the trend of each evaluator, and the runs with their verdicts, newest first. Pure. */
export function renderHtmlHistory({ suites, reportOf = () => undefined }: HistoryPageOptions): string {
  const count = [...suites.values()].reduce((sum, runs) => sum + runs.length, 0);
  return renderDocument({
    title: 'Evaluation history',
    css: PAGE_STYLES + HISTORY_STYLES,
    body: html`<header class="top tone-none"><div class="wide"><p class="brand">Sluicegate <span>evaluation history</span></p><h1>${count} run${count === 1 ? '' : 's'}</h1></div></header><main class="wide">${[
      ...suites,
    ].map(([suite, runs], index) =>
      suiteSection(suite, runs, { index, reportOf }),
    )}</main><footer class="wide"><p>Made by <code>sluice history --html</code> of the runs that are kept.</p></footer>`,
  });
}

function suiteSection(
  suite: string,
  runs: readonly RunSummary[],
  { index, reportOf }: { readonly index: number; readonly reportOf: (runId: string) => string | undefined },
): Html {
  const all = trends(runs);
  const gated = all.filter((trend) => trend.gated);
  const rows = runs.toReversed().map((run) => {
    const link = reportOf(run.runId);
    const score = (key: string) => run.scores.find((each) => each.key === key);
    return html`<tr class="tone-${run.status ?? 'none'}"><th scope="row">${link === undefined ? when(run) : html`<a href="${link}">${when(run)}</a>`}<small>${run.runId}</small></th><td><span class="badge">${verdictText(run)}</span></td><td>${run.commit === undefined ? '–' : html`<code>${shortCommit(run.commit)}</code>`}</td>${gated.map(
      ({ key }) =>
        html`<td class="num ${score(key)?.status === 'fail' && 'failed'}">${number(score(key)?.mean ?? null)}</td>`,
    )}</tr>`;
  });
  const id = `suite-${index}`;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${suite}</h2><div class="trends">${all.map(
    (trend) =>
      html`<figure><figcaption>${trend.key}${!trend.gated && html` <small>advisory</small>`}<b>${number(trend.last)}</b></figcaption>${trendPlot(trend)}</figure>`,
  )}</div><div class="scroll" tabindex="0" role="region" aria-label="Runs of ${suite}"><table><thead><tr><th scope="col">Finished</th><th scope="col">Verdict</th><th scope="col">Commit</th>${gated.map(
    ({ key }) => html`<th scope="col" class="num">${key}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function when({ finishedAt }: RunSummary): string {
  return `${finishedAt.slice(0, 16).replace('T', ' ')} UTC`;
}

function number(value: number | null): string {
  return value === null ? '–' : formatScore(value);
}

const HISTORY_STYLES = `
.trends { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 14px; margin-bottom: 16px; }
.trends figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
figcaption { display: flex; gap: 8px; align-items: baseline; font-weight: 600; font-size: 13.5px; overflow-wrap: anywhere; }
figcaption small { display: inline; }
figcaption b { margin-left: auto; font-variant-numeric: tabular-nums; }
.trend { width: 100%; height: auto; display: block; overflow: visible; }
.trend text { fill: var(--soft); font-size: 11px; }
.trend path { fill: none; stroke: var(--now); stroke-width: 2; stroke-linejoin: round; }
.trend circle { fill: var(--now); stroke: var(--card); stroke-width: 1.5; }
.trend circle.failed { fill: var(--fail); }
.trend line { stroke: var(--line); }
td.failed { color: var(--fail); font-weight: 650; }
`;
