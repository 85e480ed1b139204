export { type Canary, CanaryPlanter } from './canary.ts';
export { findLeaks, type Leak } from './find-leaks.ts';
export { type LeakReport, renderLeaks } from './leak-report.ts';
