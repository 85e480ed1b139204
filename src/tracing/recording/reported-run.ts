import { isRecord, type SpanType } from '../../core/index.ts';

/** What callbacks are told of a run beside its inputs. */
export type Metadata = Record<string, unknown>;

/** The parts of a serialized runnable that are read here. */
export interface SerializedRunnable {
  readonly id?: readonly string[];
  readonly name?: string;
}

/** The tag by which LangGraph calls a node. A call can give its run such a one, and all that runs inside inherits that. */
const STEP = /^graph:step:\d+$/;

/** What a run is that is reported as a chain. A `node` is one only where a graph encloses it. */
export function chainType(chain: SerializedRunnable | undefined, tags: readonly string[]): SpanType {
  if (isCompiledGraph(chain?.id)) return 'graph';
  return tags.some((tag) => STEP.test(tag)) ? 'node' : 'chain';
}

/** LangGraph has runnables of other kinds for its own steps. */
function isCompiledGraph([library, part]: readonly string[] = []): boolean {
  return library === 'langgraph' && part === 'pregel';
}

/** The name of the model that a call asks. */
export function modelName(metadata: Metadata, extra: Metadata | undefined): string | undefined {
  const params = extra?.['invocation_params'];
  const named = [
    metadata['ls_model_name'],
    isRecord(params) ? params['model'] : undefined,
    isRecord(params) ? params['model_name'] : undefined,
  ];
  return named.find((name) => typeof name === 'string');
}
