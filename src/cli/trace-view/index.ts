export { type Colors, colorsFor, outcomeLabel, outcomeMark } from './outcome-mark.ts';
export { plainLine, safeJson, shortLine } from './plain-text.ts';
export { type PageStyle, renderTraceList } from './trace-list.ts';
export { renderTrace, type StoredTrace, type TracePageStyle } from './trace-page.ts';
export { formatCount, formatDuration, formatMoment } from './units.ts';
