import { createRequire } from 'node:module';
import { hasErrorCode, UsageError } from '../../core/index.ts';

/**
 * Loads a package that is only needed for one kind of checkpointer and that its users have anyway.
 *
 * @param load Imports it.
 * @throws UsageError `CHECKPOINTER_PACKAGE_MISSING` with the command that installs it.
 */
export async function loadPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (thrown) {
    const isMissing =
      hasErrorCode(thrown, 'ERR_MODULE_NOT_FOUND') || hasErrorCode(thrown, 'MODULE_NOT_FOUND');
    if (!isMissing) throw thrown;
    throw new UsageError(
      'CHECKPOINTER_PACKAGE_MISSING',
      `Reading these checkpoints takes the package ${name}.`,
      {
        hint: `Install it: npm install ${name}`,
        cause: thrown,
      },
    );
  }
}

/** The PostgresSaver of LangGraph. */
export async function loadPostgresSaver() {
  const name = '@langchain/langgraph-checkpoint-postgres';
  return (await loadPeer(name, () => import('@langchain/langgraph-checkpoint-postgres'))).PostgresSaver;
}

/** The Postgres driver that PostgresSaver brings along, which package managers do not always put where all can see it. */
export async function loadPg(): Promise<typeof import('pg')> {
  return loadPeer('@langchain/langgraph-checkpoint-postgres', async () => {
    const own = createRequire(import.meta.url);
    return createRequire(own.resolve('@langchain/langgraph-checkpoint-postgres'))(
      'pg',
    ) as typeof import('pg');
  });
}
