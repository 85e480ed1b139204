export { orderSegment, parseDottedOrder } from './dotted-order.ts';
export { LangSmithExporter, type LangSmithExporterDeps } from './langsmith-exporter.ts';
export {
  LANGSMITH_KEYS,
  type LangSmithEvent,
  type LangSmithRun,
  RUN_TYPES,
  type RunType,
  toLangSmithRuns,
} from './langsmith-run.ts';
export {
  type LangSmithOptions,
  type LangSmithSettings,
  langSmithOptionsSchema,
  langSmithSettings,
  langSmithTracerIsOn,
  tracerIsOnNow,
} from './settings.ts';
