export { type MarkdownSummaryOptions, renderMarkdownSummary } from './markdown-summary.ts';
export { markdownText, plainText } from './plain-text.ts';
export { formatResults, type Results, toResults } from './results.ts';
export { listRunIds, RESULTS_FILE, readResults, writeResults } from './results-file.ts';
export { type ScoreRow, scoreRows } from './score-row.ts';
export { renderTerminalReport, type TerminalReportOptions } from './terminal-report.ts';
