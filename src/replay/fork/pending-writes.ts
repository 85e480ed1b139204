import type { CheckpointTuple } from '@langchain/langgraph';
import { isRecord, type Outcome } from '../../core/index.ts';

/** What a task has written: its id, the channel, the value. */
export type TaskWrite = NonNullable<CheckpointTuple['pendingWrites']>[number];

/** Writes that a command or an update makes, which belong to no task. */
const NO_TASK = '00000000-0000-0000-0000-000000000000';
const ERROR = '__error__';
/** What a human answered, and was asked: without them a resumed node would ask again. */
const ANSWERS: ReadonlySet<string> = new Set(['__resume__', '__interrupt__']);
/** Channels through which a node's edges are written: having them, the task had finished. */
const ROUTING = /^(branch:to:|join:|__pregel_tasks$|__end__$)/;

/** What is known of a checkpoint's tasks beside their writes. */
export interface TaskFacts {
  /** Tasks that failed, by the trace. */
  readonly failed: ReadonlySet<string>;
  /** How the trace says that a task ended; undefined where it has no span of it. */
  outcomeOf(taskId: string): Outcome | undefined;
  /** Whether the node of a task chooses its next nodes by a function (a conditional edge). */
  hasRouter(taskId: string): boolean;
  /** Whether the thread went on from this checkpoint later: writes may then be of a later run. */
  readonly wentOn: boolean;
}

/** The writes of a superstep as they were when it failed. */
export interface KeptWrites {
  readonly writes: readonly TaskWrite[];
  /** Tasks that had finished: they do not run again. */
  readonly finished: readonly string[];
  /** Tasks that left something behind and run again all the same, without those that failed by the trace. */
  readonly again: readonly string[];
}

/**
 * Decides which of a checkpoint's pending writes a fork keeps: those of the tasks that had finished.
 *
 * - A task that failed loses what it wrote and its error, and keeps the answers that it was resumed with. A node whose
 *   router throws has written its state already; kept, LangGraph would take the task for done and skip the routing.
 * - LangGraph aborts what still runs when a sibling fails, and records that abort also of siblings that had just finished:
 *   their writes are kept and the abort is dropped. Where such a node has a router and no routing write, or a later run
 *   went on from the checkpoint, it cannot be told whether it had finished, and it runs again.
 */
export function keptWrites(writes: readonly TaskWrite[], facts: TaskFacts): KeptWrites {
  const byTask = Map.groupBy(writes, ([taskId]) => taskId);
  const kept: TaskWrite[] = [];
  const finished: string[] = [];
  const again: string[] = [];
  for (const [taskId, own] of byTask) {
    if (taskId === NO_TASK) {
      kept.push(...own);
      continue;
    }
    const results = own.filter(([, channel]) => channel !== ERROR && !ANSWERS.has(channel));
    const isDone = !facts.failed.has(taskId) && hadFinished(taskId, own, results, facts);
    kept.push(...own.filter(([, channel]) => ANSWERS.has(channel)), ...(isDone ? results : []));
    if (isDone) finished.push(taskId);
    else if (!facts.failed.has(taskId)) again.push(taskId);
  }
  return { writes: kept, finished, again };
}

function hadFinished(
  taskId: string,
  own: readonly TaskWrite[],
  results: readonly TaskWrite[],
  facts: TaskFacts,
): boolean {
  if (results.length === 0) return false;
  const outcome = facts.outcomeOf(taskId);
  if (facts.wentOn && (outcome === 'error' || outcome === 'cancelled')) return false;
  const error = own.find(([, channel]) => channel === ERROR);
  if (error === undefined || outcome === 'success' || outcome === 'handled_error') return true;
  if (!isAbort(error[2])) return false;
  return !facts.hasRouter(taskId) || results.some(([, channel]) => ROUTING.test(channel));
}

function isAbort(error: unknown): boolean {
  if (!isRecord(error)) return false;
  const { name, message } = error;
  return name === 'AbortError' || (typeof message === 'string' && /^(AbortError|Cancel)/.test(message));
}
