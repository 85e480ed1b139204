import type { BaseCheckpointSaver } from '@langchain/langgraph';
import type { Pregel } from '@langchain/langgraph/pregel';
import type { Trace } from '../core/index.ts';

/** A compiled graph to replay on. */
// biome-ignore lint/suspicious/noExplicitAny: the type parameters of a graph do not matter here, and only any accepts them all
export type ReplayableGraph = Pregel<any, any>;

/**
 * How a run is run again. `recorded`: with the recorded results of models and tools in their places. `input`: with the
 * recorded input alone. `fork`: from the checkpoint before the failing node.
 */
export type ReplayMode = 'recorded' | 'input' | 'fork';

/**
 * Where the result of a call came from. `exact`: a recorded call with the same content. `ordinal`: the recorded call in
 * the same place, whose content differs. `live`: the model or tool itself. `stub`: made up, because nothing recorded fits.
 * `miss`: nothing recorded fits, and the call failed.
 */
export type CallMatch = 'exact' | 'ordinal' | 'live' | 'stub' | 'miss';

/** What is called: a retriever is given a query and answers with documents. */
export type CallKind = 'model' | 'tool' | 'retriever';

/** One model, tool or retriever call of a replay. */
export interface PlayedCall {
  /** Position among the calls of the replay in the order in which they began, from 0. */
  readonly seq: number;
  readonly kind: CallKind;
  /** Nodes in which the call was made, from the outermost graph inwards: `outer/inner`. Undefined outside of any node. */
  readonly node?: string;
  /** Name of the tool, or of the class of the model or retriever. */
  readonly name: string;
  /** The how-manieth call of its kind (of a tool: of this tool) in its node, from 0. */
  readonly ordinal: number;
  readonly match: CallMatch;
  /** Span of the recorded call whose result was used. */
  readonly recordedSpanId?: string;
  /** Hash of what the call was given, ids and times removed. */
  readonly inputHash: string;
  /** Of an `ordinal`, `stub` or `miss`: the nearest recorded call and the first difference, in words. */
  readonly nearest?: string;
}

/** Something that a replay was kept from doing. */
export interface BlockedCall {
  readonly kind: 'fetch' | 'http' | 'socket' | 'tool' | 'checkpoint' | 'file' | 'process';
  /** What it wanted: `host:port`, the name of a tool, a path, a command. */
  readonly what: string;
  /** Nodes in which it was tried, as in {@link PlayedCall.node}. */
  readonly node?: string;
  /** First frame outside of Node.js and of this package: `file:line:column`. */
  readonly at?: string;
}

/** A replay that has ended. How the run ended is in its trace. */
export interface Played {
  /** Trace of the replay. */
  readonly trace: Trace;
  /** In the order in which they began. */
  readonly calls: readonly PlayedCall[];
  readonly blocked: readonly BlockedCall[];
  /** What the reader should know. */
  readonly notes: readonly string[];
}

/** Where a replay goes on instead of starting with an input: `graph.invoke(null)` on a thread that is in memory. */
export interface ResumePoint {
  /** Holds the thread, and takes the checkpoints of the replay. */
  readonly checkpointer: BaseCheckpointSaver;
  readonly threadId: string;
}
