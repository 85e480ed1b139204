export { toBaseline } from './accept.ts';
export { type Baseline, baselineAgeDays, baselineScores } from './baseline.ts';
export {
  baselinePath,
  baselineSuites,
  parseBaseline,
  readBaseline,
  SUITE_NAME,
  writeBaseline,
} from './baseline-file.ts';
export { formatBaseline } from './baseline-text.ts';
export { type BaselineScore, type BaselineSight, baselineSight, summarizeBaseline } from './summary.ts';
