export { type BatchRow, renderBatch } from './batch-table.ts';
export { type ReplayViewStyle, renderReplay } from './text-view.ts';
export { isGood, modeText, verdictText } from './verdict-text.ts';
