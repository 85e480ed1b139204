import type { ReplayableGraph } from '../contract.ts';
import { RAN_NODES } from './server-source.ts';
import type { ThreadCheckpoint } from './thread.ts';
import type { CopiedCheckpoint } from './thread-copy.ts';

/**
 * The checkpoint that a fork goes on from, with the edges that wait for several nodes (`addEdge([a, b], c)`) as they were:
 * a LangGraph server does not tell which of the nodes have been waited for. It is worked out from the nodes of
 * the steps before, all of which have finished.
 *
 * @param own The checkpoints of the namespace, oldest first.
 */
export async function withWaitingEdges(
  graph: ReplayableGraph,
  head: CopiedCheckpoint,
  own: readonly ThreadCheckpoint[],
): Promise<CopiedCheckpoint> {
  const { checkpoint } = head.tuple;
  const values = { ...checkpoint.channel_values };
  const versions = { ...checkpoint.channel_versions };
  const steps = await Promise.all(ancestorsOf(head.checkpoint, own).map(ranNodes));
  for (const [channel, names] of waitingEdges(graph)) {
    const target = channel.slice(channel.lastIndexOf(':') + 1);
    const seen = arrived(names, steps);
    if (seen.size === 0) continue;
    values[channel] = [...seen];
    // The edge itself triggers the node when all have arrived, as on the server.
    const isFull = seen.size === names.size;
    versions[channel] = isFull ? 2 : 1;
    if (isFull && `branch:to:${target}` in values) {
      delete values[`branch:to:${target}`];
      delete versions[`branch:to:${target}`];
    }
  }
  const restored = { ...checkpoint, channel_values: values, channel_versions: versions };
  return { ...head, tuple: { ...head.tuple, checkpoint: restored } };
}

async function ranNodes({ tuple }: ThreadCheckpoint): Promise<readonly string[]> {
  const { metadata } = await tuple();
  const ran: unknown = (metadata as Readonly<Record<string, unknown>> | undefined)?.[RAN_NODES];
  return Array.isArray(ran) ? ran.map(String) : [];
}

/** The nodes that an edge has seen finish since it last let its target run. */
function arrived(names: ReadonlySet<string>, steps: readonly (readonly string[])[]): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const ran of steps) {
    if (seen.size === names.size) seen.clear();
    for (const node of ran) if (names.has(node)) seen.add(node);
  }
  return seen;
}

/** Oldest first, without the head itself: what finished behind the head is in no state yet. */
function ancestorsOf(head: ThreadCheckpoint, own: readonly ThreadCheckpoint[]): ThreadCheckpoint[] {
  const byId = new Map(own.map((checkpoint) => [checkpoint.id, checkpoint]));
  const ancestors: ThreadCheckpoint[] = [];
  let at = byId.get(head.parentId ?? '');
  while (at !== undefined && !ancestors.includes(at)) {
    ancestors.unshift(at);
    at = byId.get(at.parentId ?? '');
  }
  return ancestors;
}

function waitingEdges(graph: ReplayableGraph): [channel: string, names: ReadonlySet<string>][] {
  return Object.entries(graph.channels).flatMap(([channel, spec]): [string, ReadonlySet<string>][] => {
    const names: unknown = Reflect.get(Object(spec), 'names');
    return channel.startsWith('join:') && names instanceof Set ? [[channel, names as Set<string>]] : [];
  });
}
