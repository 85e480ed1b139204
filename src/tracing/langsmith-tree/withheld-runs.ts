import type { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { BoundedMap } from '../bounded-map.ts';
import { recorderOf } from '../recording/recorder.ts';

/** The client that run trees report to. */
export type TracingClient = LangChainTracer['client'];
/** A run that begins, as a client is told of it. */
export type NewRun = Parameters<TracingClient['createRun']>[0] & {
  readonly trace_id?: string;
  readonly end_time?: unknown;
};
/** What a client is told of a run that has begun. */
export type RunUpdate = Parameters<TracingClient['updateRun']>[1];

/** Takes what LangSmith's clients would send of the runs that a tracer of ours records. */
export interface RunOwner {
  /** Whether it takes the runs from this client too. */
  readonly takesFrom: (client: TracingClient) => boolean;
  readonly createRun: (run: NewRun, id: string) => void;
  readonly updateRun: (id: string, run: RunUpdate) => void;
}

/** Runs that may be reported after their trace has ended: LangChain's own tracer works in the background. */
const MAX_WITHHELD = 10_000;
const UUID_LENGTH = 36;

const owners = new BoundedMap<string, RunOwner>(MAX_WITHHELD);
const watched = new WeakSet<object>();

/** From now on this run, and all that is in it, is the owner's: no client that is watched sends it. */
export function withhold(runId: string, owner: RunOwner): void {
  owners.set(runId, owner);
}

/**
 * Watches what a client sends, and every other client of its class: an application may have several, and any tracer may
 * bring one. Each call goes on as before unless its run is withheld.
 */
export function watchClient(client: TracingClient): void {
  const members = holderOf(client, 'createRun');
  if (members === undefined || watched.has(members)) return;
  watched.add(members);
  const { createRun, updateRun } = members;
  members.createRun = async function watchedCreate(this: TracingClient, run: NewRun, ...rest: []) {
    // The handler that records a run may come after the tracer that reports it here.
    await Promise.resolve();
    const owner = ownerOf(this, run.id, run);
    if (owner === undefined || run.id === undefined) return createRun.call(this, run, ...rest);
    owner.createRun(run, run.id);
  };
  members.updateRun = async function watchedUpdate(
    this: TracingClient,
    id: string,
    run: RunUpdate,
    ...rest: []
  ) {
    await Promise.resolve();
    const owner = ownerOf(this, id, run);
    if (owner === undefined) return updateRun.call(this, id, run, ...rest);
    owner.updateRun(id, run);
  };
}

/** The object that a member of a client comes from: its class, or the client itself. */
function holderOf(client: TracingClient, name: 'createRun'): TracingClient | undefined {
  let at: TracingClient | null = client;
  while (at !== null && !Object.hasOwn(at, name)) at = Object.getPrototypeOf(at) as TracingClient | null;
  return at ?? undefined;
}

/** Who has a run: whoever has any part of its place. A tracer that joined in the middle knows only the last of them. */
function ownerOf(client: TracingClient, id: string | undefined, run: object): RunOwner | undefined {
  const place = 'dotted_order' in run && typeof run.dotted_order === 'string' ? run.dotted_order : '';
  for (const part of [id ?? '', ...place.split('.')]) {
    const runId = part.slice(-UUID_LENGTH);
    const rootId = recorderOf(runId)?.traceOf(runId)?.root.id ?? runId;
    const owner = owners.get(rootId) ?? owners.get(runId);
    if (owner?.takesFrom(client)) return owner;
  }
  return undefined;
}
