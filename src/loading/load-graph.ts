import type { Pregel } from '@langchain/langgraph/pregel';
import { describeValue, errorMessage, isRecord, SluiceError, UsageError } from '../core/index.ts';
import { locationSuffix } from './error-location.ts';
import { type LoadOptions, loadExport } from './load-export.ts';
import { type ModuleRef, parseModuleRef } from './module-ref.ts';

/** A compiled graph of the user's project, built by the project's own LangGraph. */
// biome-ignore lint/suspicious/noExplicitAny: the type parameters of a graph are unknown until it is loaded, and only any accepts them all
export type LoadedGraph = Pregel<any, any>;

/**
 * Loads a compiled graph: the export itself, or what it returns where it is a factory (called as `langgraph.json` allows,
 * with `{ configurable: {} }`; sync or async).
 *
 * @param ref `./file.ts#export`, or the default export of `./file.ts`.
 * @throws UsageError what {@link loadExport} throws, `GRAPH_FACTORY_FAILED` when the factory throws, and `NOT_A_GRAPH` for
 * anything else, such as a StateGraph that is not compiled yet.
 */
export async function loadGraph(ref: string | ModuleRef, options: LoadOptions): Promise<LoadedGraph> {
  const { file, exportName } = typeof ref === 'string' ? parseModuleRef(ref) : ref;
  const name = `${file}#${exportName}`;
  const exported = await loadExport({ file, exportName }, options);
  if (typeof exported !== 'function') return requireGraph(exported, name);
  let built: unknown;
  try {
    built = await exported({ configurable: {} });
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown;
    throw new UsageError(
      'GRAPH_FACTORY_FAILED',
      `${name} failed to build its graph: ${errorMessage(thrown)}${locationSuffix(thrown, options.cwd)}`,
      { cause: thrown },
    );
  }
  return requireGraph(built, `what ${name} returns`);
}

function requireGraph(candidate: unknown, name: string): LoadedGraph {
  if (isCompiledGraph(candidate)) return candidate;
  if (isRecord(candidate) && typeof candidate['compile'] === 'function') {
    throw new UsageError('NOT_A_GRAPH', `${name} is a graph that is not compiled yet.`, {
      hint: 'Export the result of its .compile().',
    });
  }
  throw new UsageError(
    'NOT_A_GRAPH',
    `${name} is ${describeValue(candidate)}, not a compiled LangGraph graph.`,
    {
      hint: 'Export what StateGraph.compile() returns, or a function that returns it.',
    },
  );
}

/** By its shape: the project's LangGraph is not the one this package was built with. */
function isCompiledGraph(value: unknown): value is LoadedGraph {
  return (
    isRecord(value) &&
    value['lg_is_pregel'] === true &&
    ['invoke', 'stream', 'withConfig'].every((method) => typeof value[method] === 'function')
  );
}
