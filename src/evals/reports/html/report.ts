import { plainText } from '../plain-text.ts';
import { type ReportPageOptions, toReportPage } from '../report-page.ts';
import { verdictWord } from '../verdict-label.ts';
import { documentText } from './document.ts';
import { html } from './markup.ts';
import { exampleBlocks, reportExamples } from './report-examples.ts';
import { reportHeader } from './report-header.ts';
import { reportScores } from './report-scores.ts';
import { REPORT_SCRIPT } from './report-script.ts';
import { PAGE_STYLES, REPORT_STYLES } from './styles.ts';

/**
 * `report.html` of a run: one file that asks nothing of anywhere. It says the verdict and why, shows the scores against the
 * baseline with their intervals and distributions, and lists the examples, worst first, each with what was asked, expected
 * and answered, what evaluators said, and the commands that open its trace and run it again. Details are put in when an
 * example is opened. Everything that comes from a dataset, an agent or an evaluator is escaped and made visible. Pure.
 */
export function renderHtmlReport(options: ReportPageOptions): string {
  return [...htmlReportText(options)].join('');
}

/** The text of {@link renderHtmlReport} in pieces, so that a large one can be written without being in memory. */
export function htmlReportText(options: ReportPageOptions): Iterable<string> {
  const page = toReportPage(options);
  const { head } = page.results;
  return documentText({
    title: `${page.gated ? verdictWord(page.verdict) : 'Not gated'}: ${plainText(head.suite)}`,
    css: PAGE_STYLES + REPORT_STYLES,
    script: REPORT_SCRIPT,
    body: html`<a class="skip" href="#examples">To the examples</a>${reportHeader(page)}<main class="wide">${reportScores(page)}${reportExamples(page)}</main><footer class="wide"><p>Made again from its run by <code>sluice report ${head.runId}</code>. Scores are means over repeats, then over examples; critical examples stand outside the means.</p></footer><div id="said" class="hidden" role="status"></div>`,
    data: exampleBlocks(page),
  });
}
