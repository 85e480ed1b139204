export { plainLine, safeJson } from './plain-text.ts';
export { type PageStyle, renderTraceList } from './trace-list.ts';
export { renderTrace, type TracePageStyle } from './trace-page.ts';
