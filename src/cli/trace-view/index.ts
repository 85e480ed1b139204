export { type Colors, colorsFor, outcomeLabel } from './outcome-mark.ts';
export { plainLine, safeJson, shortLine } from './plain-text.ts';
export { type PageStyle, renderTraceList } from './trace-list.ts';
export { renderTrace, type TracePageStyle } from './trace-page.ts';
