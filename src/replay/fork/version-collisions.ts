/** What is needed of a checkpoint to tell who wrote its values. */
export interface VersionedCheckpoint {
  readonly id: string;
  readonly namespace: string;
  readonly parentId: string | undefined;
  /** Version of each channel, as the checkpoint names them. */
  readonly versions: Readonly<Record<string, number | string>>;
}

/** One version of a channel that several branches of a thread have written, while only the first value was stored. */
export interface VersionCollision {
  readonly namespace: string;
  readonly channel: string;
  readonly version: string;
  /** Checkpoints that wrote it, oldest first: the value is that of the first. At least two. */
  readonly writers: readonly [string, string, ...string[]];
}

/** Channels that hold an input until it is used up, which is at once. */
const PASSING = /^__(start|input)__$/;
/** Channels that trigger a node. What they hold tells in the end whether the node is next. */
const TRIGGER = /^branch:to:/;

/**
 * Finds the versions of a thread's channels that more than one checkpoint has written.
 *
 * PostgresSaver stores a channel's value once per (thread, namespace, channel, version) and ignores a second one. Its
 * versions are integers that count up from the parent, so two branches of a thread (a state edited at an old checkpoint, a
 * run resumed from one) give the same version to different values, and the later branch silently reads the value of the
 * earlier one (langchain-ai/langgraphjs issue 1812). A checkpoint has written a version when its parent has another one.
 * One whose parent is gone is left out: what it has written cannot be told any more.
 */
export function versionCollisions(checkpoints: readonly VersionedCheckpoint[]): VersionCollision[] {
  const writers = new Map<string, VersionedCheckpoint[]>();
  for (const [key, writer] of writtenVersions(checkpoints)) {
    const known = writers.get(key);
    if (known === undefined) writers.set(key, [writer]);
    else known.push(writer);
  }
  return [...writers].flatMap(([key, found]) => {
    const [namespace, channel, version] = JSON.parse(key) as [string, string, string];
    const [first, second, ...more] = found.map(({ id }) => id).sort();
    if (first === undefined || second === undefined) return [];
    return [{ namespace, channel, version, writers: [first, second, ...more] }];
  });
}

/**
 * The state of one checkpoint that is the value of another branch, by channel: it, or the ancestor it has the value from, was not
 * the first to write that version.
 */
export function damagedChannels(
  checkpoints: readonly VersionedCheckpoint[],
  target: { readonly id: string; readonly namespace: string },
): string[] {
  const own = checkpoints.filter(({ namespace }) => namespace === target.namespace);
  const byId = new Map(own.map((checkpoint) => [checkpoint.id, checkpoint]));
  const ancestors = new Set<string>();
  for (
    let at = byId.get(target.id);
    at !== undefined && !ancestors.has(at.id);
    at = byId.get(at.parentId ?? '')
  ) {
    ancestors.add(at.id);
  }
  const versions = byId.get(target.id)?.versions ?? {};
  return versionCollisions(own)
    .filter(({ channel, version }) => !TRIGGER.test(channel) && String(versions[channel]) === version)
    .filter(
      ({ writers: [first, ...later] }) => !ancestors.has(first) && later.some((id) => ancestors.has(id)),
    )
    .map(({ channel }) => channel)
    .sort();
}

function* writtenVersions(
  checkpoints: readonly VersionedCheckpoint[],
): Generator<[key: string, writer: VersionedCheckpoint]> {
  const place = ({ namespace }: VersionedCheckpoint, id: string) => JSON.stringify([namespace, id]);
  const byPlace = new Map(checkpoints.map((checkpoint) => [place(checkpoint, checkpoint.id), checkpoint]));
  for (const checkpoint of checkpoints) {
    const { parentId, namespace } = checkpoint;
    const parent = parentId === undefined ? undefined : byPlace.get(place(checkpoint, parentId));
    if (parentId !== undefined && parent === undefined) continue;
    for (const [channel, version] of Object.entries(checkpoint.versions)) {
      if (PASSING.test(channel) || parent?.versions[channel] === version) continue;
      yield [JSON.stringify([namespace, channel, String(version)]), checkpoint];
    }
  }
}
