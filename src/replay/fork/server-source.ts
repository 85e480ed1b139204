import { coerceMessageLikeToMessage } from '@langchain/core/messages';
import { BaseCheckpointSaver, type CheckpointTuple } from '@langchain/langgraph';
import { z } from 'zod';
import { errorMessage, isRecord, isUuid, NoVerdictError } from '../../core/index.ts';
import type { CheckpointSource } from './checkpoint-source.ts';
import { ReadOnlySaver } from './read-only-saver.ts';

const taskSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  error: z.unknown().optional(),
  path: z.array(z.unknown()).nullish(),
});

const stateSchema = z.looseObject({
  values: z.record(z.string(), z.unknown()).nullable(),
  next: z.array(z.string()),
  tasks: z.array(taskSchema),
  metadata: z.looseObject({ step: z.number().optional(), source: z.string().optional() }).nullish(),
  created_at: z.string().nullish(),
  checkpoint: z.looseObject({ checkpoint_id: z.string(), checkpoint_ns: z.string().default('') }),
  parent_checkpoint: z.looseObject({ checkpoint_id: z.string().nullish() }).nullish(),
});

/** A state of a thread as a LangGraph server tells it (`POST /threads/{id}/history`, api 1.5). */
type ThreadState = z.infer<typeof stateSchema>;

const PAGE = 100;
/** More states than this are not read: the newest are those that a failure is in. */
const MAX_STATES = 5_000;

/** Options of {@link openServer}. */
export interface ServerOptions {
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
  readonly apiKey: string | undefined;
}

/** Opens the threads of a LangGraph server; see `openCheckpointer`. Nothing is asked of it before a thread is read. */
export function openServer(url: URL, options: ServerOptions): CheckpointSource {
  const base = new URL(url);
  base.username = '';
  base.password = '';
  base.search = '';
  base.hash = '';
  const place = base.href.replace(/\/$/, '');
  return {
    kind: 'server',
    place,
    saver: new ReadOnlySaver(new ServerThreads(place, options), place),
    sharesValues: false,
    notes: [
      'A LangGraph server tells the state of a thread and not what its tasks have written: the whole step of the failing node runs again.',
    ],
    [Symbol.asyncDispose]: async () => {},
  };
}

type List = BaseCheckpointSaver['list'];

/** Of checkpoints that a server told: the nodes of the step behind each, in its metadata. */
export const RAN_NODES = 'sluice_ran_nodes';
/** Of checkpoints that a server told: whether nodes of the step behind it were sent an input of their own. */
export const HAS_SENDS = 'sluice_has_sends';

/**
 * Builds checkpoints from what a LangGraph server tells of a thread. Each node that is next is triggered by an edge to it,
 * under the same checkpoint id and step as on the server, so that its task gets the same id.
 */
class ServerThreads extends BaseCheckpointSaver {
  readonly #place: string;
  readonly #options: ServerOptions;

  constructor(place: string, options: ServerOptions) {
    super();
    this.#place = place;
    this.#options = options;
  }

  override async getTuple(config: Parameters<List>[0]): Promise<CheckpointTuple | undefined> {
    const { thread_id, checkpoint_ns = '', checkpoint_id } = config.configurable ?? {};
    for await (const state of this.#history(String(thread_id), String(checkpoint_ns))) {
      if (!checkpoint_id || state.checkpoint.checkpoint_id === checkpoint_id)
        return tupleOf(state, String(thread_id));
    }
    return undefined;
  }

  /** Newest first; with no namespace in the config, those of failed and of next tasks follow the outermost one. */
  override async *list(config: Parameters<List>[0]): ReturnType<List> {
    const { thread_id, checkpoint_ns } = config.configurable ?? {};
    const threadId = String(thread_id);
    const namespaces = [checkpoint_ns === undefined ? '' : String(checkpoint_ns)];
    for (let index = 0; index < namespaces.length; index += 1) {
      const namespace = namespaces[index] ?? '';
      let isNewest = true;
      for await (const state of this.#history(threadId, namespace)) {
        if (checkpoint_ns === undefined) {
          const open = state.tasks.filter(
            (task) => hasError(task) || (isNewest && task.name !== '__start__'),
          );
          namespaces.push(
            ...open.map((task) => `${namespace}${namespace === '' ? '' : '|'}${task.name}:${task.id}`),
          );
        }
        isNewest = false;
        yield tupleOf(state, threadId);
      }
    }
  }

  override async put(): Promise<never> {
    throw new TypeError('A LangGraph server is read alone.');
  }

  override async putWrites(): Promise<never> {
    throw new TypeError('A LangGraph server is read alone.');
  }

  override async deleteThread(): Promise<never> {
    throw new TypeError('A LangGraph server is read alone.');
  }

  async *#history(threadId: string, namespace: string): AsyncGenerator<ThreadState> {
    // Its threads have UUIDs; it answers to another id with an error.
    if (!isUuid(threadId)) return;
    let before: string | undefined;
    for (let read = 0; read < MAX_STATES; read += PAGE) {
      const page = await this.#page(threadId, {
        limit: PAGE,
        checkpoint: { checkpoint_ns: namespace },
        ...(before === undefined ? {} : { before }),
      });
      // A server that has no such namespace answers with what it has: the outermost one.
      yield* page.filter(({ checkpoint }) => checkpoint.checkpoint_ns === namespace);
      before = page.at(-1)?.checkpoint.checkpoint_id;
      if (page.length < PAGE) return;
    }
  }

  async #page(threadId: string, body: Readonly<Record<string, unknown>>): Promise<readonly ThreadState[]> {
    const { fetch, timeoutMs, apiKey } = this.#options;
    const unreachable = (error: unknown): never => {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new NoVerdictError(
        'CHECKPOINTER_UNREACHABLE',
        `${this.#place} does not answer: ${errorMessage(cause)}.`,
        {
          hint: 'Check the address of the LangGraph server.',
        },
      );
    };
    const response = await fetch(`${this.#place}/threads/${encodeURIComponent(threadId)}/history`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(unreachable);
    if (response.status === 404) {
      await response.body?.cancel();
      return [];
    }
    if (response.status === 401 || response.status === 403) {
      throw new NoVerdictError('CHECKPOINTER_DENIED', `${this.#place} answered ${response.status}.`, {
        hint: 'Set LANGGRAPH_API_KEY to a key that may read threads.',
      });
    }
    if (!response.ok) {
      throw new NoVerdictError('CHECKPOINTER_FAILED', `${this.#place} answered ${response.status}.`);
    }
    const answer: unknown = await response.json().catch(unreachable);
    const states = z.array(stateSchema).safeParse(answer);
    if (states.success) return states.data;
    throw new NoVerdictError(
      'CHECKPOINTER_FAILED',
      `${this.#place} did not answer as a LangGraph server does: ${states.error.issues[0]?.path.join('.') || 'no list of states'}.`,
    );
  }
}

function hasError({ error }: z.infer<typeof taskSchema>): boolean {
  return error !== null && error !== undefined;
}

function tupleOf(state: ThreadState, threadId: string): CheckpointTuple {
  const { checkpoint_id: id, checkpoint_ns: namespace } = state.checkpoint;
  const values = Object.fromEntries(
    Object.entries(state.values ?? {}).map(([channel, value]) => [channel, withMessages(value)]),
  );
  const triggers = [...new Set(state.next)].map((node) => `branch:to:${node}`);
  const parentId = state.parent_checkpoint?.checkpoint_id;
  const place = { thread_id: threadId, checkpoint_ns: namespace };
  const metadata: Record<string, unknown> = {
    ...state.metadata,
    source: state.metadata?.source ?? 'loop',
    step: state.metadata?.step ?? 0,
    parents: state.metadata?.['parents'] ?? {},
    [RAN_NODES]: state.tasks.map(({ name }) => name),
    [HAS_SENDS]: state.tasks.some(({ path }) => path?.[0] === '__pregel_push'),
  };
  return {
    config: { configurable: { ...place, checkpoint_id: id } },
    checkpoint: {
      v: 4,
      id,
      ts: state.created_at ?? new Date(0).toISOString(),
      channel_values: { ...values, ...Object.fromEntries(triggers.map((channel) => [channel, null])) },
      channel_versions: Object.fromEntries([
        ...Object.keys(values).map((channel) => [channel, 1]),
        ...triggers.map((channel) => [channel, 2]),
      ]),
      versions_seen: { __input__: {} },
    },
    metadata: metadata as NonNullable<CheckpointTuple['metadata']>,
    ...(parentId ? { parentConfig: { configurable: { ...place, checkpoint_id: parentId } } } : {}),
    // What failed is told by id, so that the checkpoint of a task can be found as in a database.
    pendingWrites: state.tasks
      .filter(hasError)
      .map((task) => [task.id, '__error__', { message: String(task.error) }]),
  };
}

const MESSAGE_TYPES: ReadonlySet<unknown> = new Set(['human', 'ai', 'system', 'developer', 'tool']);

/** A value of the state with the messages in it, alone or in a list, made messages again. */
function withMessages(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMessages);
  if (!isRecord(value) || !MESSAGE_TYPES.has(value['type']) || !('content' in value)) return value;
  if (value['type'] === 'tool' && typeof value['tool_call_id'] !== 'string') return value;
  return coerceMessageLikeToMessage(value as Parameters<typeof coerceMessageLikeToMessage>[0]);
}
