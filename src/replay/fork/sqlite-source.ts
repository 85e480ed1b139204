import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { BaseCheckpointSaver, type CheckpointTuple, MemorySaver } from '@langchain/langgraph';
import { errorMessage, hasErrorCode, NoVerdictError, UsageError } from '../../core/index.ts';
import { loadSqlite } from '../../store/index.ts';
import type { CheckpointSource } from './checkpoint-source.ts';
import { ReadOnlySaver } from './read-only-saver.ts';

/** Opens the file of a SqliteSaver read-only; see `openCheckpointer`. */
export function openSqlite(path: string, options: { readonly timeoutMs: number }): CheckpointSource {
  const database = openSqliteFile(path, options);
  const place = `sqlite:${path}`;
  return {
    kind: 'sqlite',
    place,
    saver: new ReadOnlySaver(new SqliteThreads(database), place),
    sharesValues: false,
    notes: [],
    [Symbol.asyncDispose]: async () => database.close(),
  };
}

/**
 * Opens a SQLite file of checkpoints read-only.
 *
 * @throws UsageError `CHECKPOINTER_NOT_FOUND`, `CHECKPOINTER_NO_TABLES`.
 * @throws NoVerdictError `CHECKPOINTER_UNREACHABLE` when it is no database or is locked.
 */
export function openSqliteFile(path: string, { timeoutMs }: { readonly timeoutMs: number }): DatabaseSync {
  try {
    if (!statSync(path).isFile()) throw notFound(path, 'is no file');
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) throw notFound(path, 'does not exist');
    throw thrown;
  }
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(path, { readOnly: true, timeout: timeoutMs });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('checkpoints', 'writes')")
      .all();
    if (tables.length === 2) return database;
  } catch (thrown) {
    database.close();
    throw new NoVerdictError(
      'CHECKPOINTER_UNREACHABLE',
      `sqlite:${path} cannot be read: ${errorMessage(thrown)}.`,
      {
        hint: 'Name the file that the agent gives to SqliteSaver.',
        cause: thrown,
      },
    );
  }
  database.close();
  throw new UsageError('CHECKPOINTER_NO_TABLES', `sqlite:${path} has no checkpoint tables.`, {
    hint: 'Name the file that the agent gives to SqliteSaver.',
  });
}

function notFound(path: string, what: string): UsageError {
  return new UsageError('CHECKPOINTER_NOT_FOUND', `sqlite:${path} ${what}.`, {
    hint: 'Name the file that the agent gives to SqliteSaver.',
  });
}

type List = BaseCheckpointSaver['list'];
type Row = Readonly<Record<string, unknown>>;

const TASKS = '__pregel_tasks';

/**
 * Reads the tables of a SqliteSaver (`checkpoints`, `writes`). That saver itself sets the journal mode and makes its
 * tables when it first reads, and needs a native driver.
 */
class SqliteThreads extends BaseCheckpointSaver {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    // The serializer that every checkpointer of LangGraph uses; it is exported through them alone.
    super(new MemorySaver().serde);
    this.#database = database;
  }

  override async getTuple(config: Parameters<List>[0]): Promise<CheckpointTuple | undefined> {
    const place = { checkpoint_ns: '', ...config.configurable };
    for await (const tuple of this.list({ ...config, configurable: place }, { limit: 1 })) return tuple;
    return undefined;
  }

  override async *list(config: Parameters<List>[0], options: Parameters<List>[1] = {}): ReturnType<List> {
    const { thread_id, checkpoint_ns, checkpoint_id } = config.configurable ?? {};
    const conditions: [string, unknown][] = [
      ['thread_id = ?', thread_id],
      ['checkpoint_ns = ?', checkpoint_ns],
      ['checkpoint_id = ?', checkpoint_id || undefined],
      ['checkpoint_id < ?', options.before?.configurable?.['checkpoint_id']],
    ];
    const given = conditions.filter(([, value]) => value !== undefined);
    const where = given.length === 0 ? '' : `WHERE ${given.map(([condition]) => condition).join(' AND ')}`;
    const rows = this.#database
      .prepare(`SELECT * FROM checkpoints ${where} ORDER BY checkpoint_id DESC LIMIT ?`)
      .all(...given.map(([, value]) => String(value)), options.limit ?? -1);
    for (const row of rows) yield await this.#tuple(row);
  }

  override async put(): Promise<never> {
    throw new TypeError('This checkpointer is opened read-only.');
  }

  override async putWrites(): Promise<never> {
    throw new TypeError('This checkpointer is opened read-only.');
  }

  override async deleteThread(): Promise<never> {
    throw new TypeError('This checkpointer is opened read-only.');
  }

  async #tuple(row: Row): Promise<CheckpointTuple> {
    const place = { thread_id: String(row['thread_id']), checkpoint_ns: String(row['checkpoint_ns']) };
    const parentId = row['parent_checkpoint_id'];
    const checkpoint = (await this.#load(row['type'], row['checkpoint'])) as CheckpointTuple['checkpoint'];
    if (checkpoint.v < 4 && parentId != null) await this.#addSends(checkpoint, row);
    const writes = this.#writes(row, row['checkpoint_id']);
    return {
      config: { configurable: { ...place, checkpoint_id: row['checkpoint_id'] } },
      checkpoint,
      metadata: (await this.#load(row['type'], row['metadata'])) as NonNullable<CheckpointTuple['metadata']>,
      ...(parentId ? { parentConfig: { configurable: { ...place, checkpoint_id: parentId } } } : {}),
      pendingWrites: (await Promise.all(
        writes.map(async ({ task_id, channel, type, value }) => [
          String(task_id),
          String(channel),
          await this.#load(type, value),
        ]),
      )) as NonNullable<CheckpointTuple['pendingWrites']>,
    };
  }

  #writes(row: Row, checkpointId: unknown): Row[] {
    return this.#database
      .prepare(
        'SELECT * FROM writes WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ? ORDER BY task_id, idx',
      )
      .all(String(row['thread_id']), String(row['checkpoint_ns']), String(checkpointId));
  }

  /** Formats before 4 keep what was sent to nodes with the parent's writes alone. */
  async #addSends(checkpoint: CheckpointTuple['checkpoint'], row: Row): Promise<void> {
    const sends = this.#writes(row, row['parent_checkpoint_id']).filter(({ channel }) => channel === TASKS);
    checkpoint.channel_values[TASKS] = await Promise.all(
      sends.map(({ type, value }) => this.#load(type, value)),
    );
    const versions = Object.values(checkpoint.channel_versions).map(Number);
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? Math.max(...versions) : this.getNextVersion(undefined);
  }

  #load(type: unknown, value: unknown): Promise<unknown> {
    const data = value instanceof Uint8Array ? value : String(value ?? '');
    return this.serde.loadsTyped(typeof type === 'string' ? type : 'json', data);
  }
}
