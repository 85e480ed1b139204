export { toBaseline } from './accept.ts';
export { type Baseline, baselineScores, formatBaseline } from './baseline.ts';
export { baselinePath, parseBaseline, readBaseline, SUITE_NAME, writeBaseline } from './baseline-file.ts';
export { type BaselineScore, summarizeBaseline } from './summary.ts';
