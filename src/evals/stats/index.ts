export { normalCdf, normalQuantile, studentQuantile } from './distributions.ts';
export { chanceOfDrop } from './permutation-test.ts';
export {
  changeError,
  detectableDrop,
  detection,
  falseAlarm,
  type Layout,
  MAX_NEEDED,
  type Noise,
  needed,
} from './sensitivity.ts';
export {
  average,
  type ExampleRuns,
  effectiveCount,
  harmonicRepeats,
  sumOf,
  toUnits,
  type Unit,
} from './unit.ts';
export { contrastError, flakiness, guardedFlakiness, nullError, squaredSpread } from './variance.ts';
