import { rootSpan, type Trace } from '../core/index.ts';

/** Metadata that LangGraph, LangChain or a replay made, or that names the recorded run and its place. */
const RESERVED = /^(__|langgraph_|ls_|lc_|checkpoint|thread_id$|run_id$|task_id$|sluice_)/;

/** The metadata that the caller of the recorded run gave it. */
export function recordedMetadata(trace: Trace): Record<string, unknown> {
  return Object.fromEntries(Object.entries(rootSpan(trace).metadata).filter(([key]) => !RESERVED.test(key)));
}
