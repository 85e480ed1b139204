export { annotationLines } from './annotations.ts';
export {
  charsPerExample,
  type Evidence,
  type ExampleEvidence,
  MAX_ANSWERS,
  worstFirst,
} from './example-evidence.ts';
export { sparkText } from './history-trend.ts';
export { renderDocument } from './html/document.ts';
export { type HistoryPageOptions, renderHtmlHistory } from './html/history-page.ts';
export { type Html, html } from './html/markup.ts';
export { htmlReportText, renderHtmlReport } from './html/report.ts';
export { PAGE_STYLES } from './html/styles.ts';
export { junitText, renderJunit } from './junit.ts';
export { type MarkdownSummaryOptions, renderMarkdownSummary } from './markdown-summary.ts';
export { type PayloadView, payloadView } from './payload.ts';
export { markdownText, plainText } from './plain-text.ts';
export { type OrderedExample, orderExamples, type ReportPageOptions } from './report-page.ts';
export { type ComparedBaseline, formatResults, type Results, resultsText, toResults } from './results.ts';
export { listRunIds, RESULTS_FILE, readResults, readResultsFile, writeResults } from './results-file.ts';
export { type RunSummary, runSummarySchema, toRunSummary } from './run-summary.ts';
export { readRunSummary } from './run-summary-file.ts';
export { type ScoreRow, scoreRows } from './score-row.ts';
export { renderTerminalHistory } from './terminal-history.ts';
export { renderTerminalReport, type TerminalReportOptions } from './terminal-report.ts';
export { textTable } from './text-lines.ts';
