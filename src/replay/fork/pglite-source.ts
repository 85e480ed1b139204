import type { CheckpointSource } from './checkpoint-source.ts';
import { loadPostgresSaver } from './load-peer.ts';
import { openPgliteSession } from './pglite-session.ts';
import { ReadOnlySaver } from './read-only-saver.ts';
import { readingPool } from './sql-session.ts';
import { indexThread } from './thread.ts';

/** Opens a copy of a PGlite folder; see `openCheckpointer`. */
export async function openPglite(path: string): Promise<CheckpointSource> {
  const PostgresSaver = await loadPostgresSaver();
  const session = await openPgliteSession(path);
  const { place } = session;
  const pool = readingPool(session) as unknown as ConstructorParameters<typeof PostgresSaver>[0];
  const saver = new ReadOnlySaver(new PostgresSaver(pool), place);
  return {
    kind: 'pglite',
    place,
    saver,
    index: (threadId) => indexThread(session, 'public', saver, threadId),
    sharesValues: true,
    notes: [],
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]().then(() => undefined),
  };
}
