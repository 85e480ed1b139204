import { StructuredTool } from '@langchain/core/tools';
import { Pregel } from '@langchain/langgraph/pregel';
import { isRecord } from '../../core/index.ts';
import { loadedCommonJs } from '../loaded-commonjs.ts';

/** A tool or a compiled graph: what LangChain tells callbacks of it is what its `toJSON` gives. */
interface Told {
  toJSON(): unknown;
}

/** Names by what callbacks are told. */
const names = new WeakMap<object, string>();
const learning = new WeakSet<object>();

const TOOLS_FILE = /@langchain[\\/]core[\\/]dist[\\/]tools[\\/]index\.cjs$/;
const PREGEL_FILE = /@langchain[\\/]langgraph[\\/]dist[\\/]pregel[\\/]index\.cjs$/;

/**
 * Callbacks are told which class runs and what the call named it, but not what the code named it: the name of a tool, or the
 * one that a graph was compiled with. From now on that is noted beside what they are told, for {@link ownNameOf}. Called
 * before each graph is traced, because another build of LangChain may have been loaded.
 */
export function learnOwnNames(): void {
  learn(StructuredTool.prototype, toolName);
  learn(Pregel.prototype, graphName);
  for (const tools of loadedCommonJs(TOOLS_FILE)) learn(prototypeIn(tools, 'StructuredTool'), toolName);
  for (const pregel of loadedCommonJs(PREGEL_FILE)) learn(prototypeIn(pregel, 'Pregel'), graphName);
}

/** The name that the code gave a tool or graph, by what callbacks are told of it; undefined when it is not known. */
export function ownNameOf(told: object | undefined): string | undefined {
  return told === undefined ? undefined : names.get(told);
}

function learn(base: Told | undefined, nameOf: (target: object) => unknown): void {
  if (base === undefined || learning.has(base)) return;
  learning.add(base);
  const { toJSON } = base;
  const value = function noteName(this: Told): unknown {
    const told = toJSON.call(this);
    const name = nameOf(this);
    if (typeof name === 'string' && isRecord(told)) names.set(told, name);
    return told;
  };
  Object.defineProperty(base, 'toJSON', { value, configurable: true, writable: true });
}

function toolName(target: object): unknown {
  return 'name' in target ? target.name : undefined;
}

/** One that was compiled without a name has that of its class. */
function graphName(target: object): unknown {
  return 'getName' in target && typeof target.getName === 'function' ? target.getName() : undefined;
}

function prototypeIn(exported: unknown, className: string): Told | undefined {
  const made = isRecord(exported) ? exported[className] : undefined;
  return typeof made === 'function' ? (made.prototype as Told) : undefined;
}
