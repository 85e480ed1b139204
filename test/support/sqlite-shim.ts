import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import { loadSqlite } from '../../src/store/index.ts';

/**
 * LangGraph's SqliteSaver on the SQLite that Node.js brings: its own driver is native and would have to be compiled. The
 * SQL, the tables and what is in them are the saver's.
 */
export function sqliteSaver(path: string): { readonly saver: SqliteSaver; close(): void } {
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(path);
  const bound = (values: unknown[]) => values.map((value) => value ?? null) as never[];
  const driver = {
    pragma: (text: string) => database.exec(`PRAGMA ${text}`),
    exec: (sql: string) => database.exec(sql),
    prepare: (sql: string) => {
      const statement = database.prepare(sql);
      return {
        get: (...values: unknown[]) => statement.get(...bound(values)),
        all: (...values: unknown[]) => statement.all(...bound(values)),
        run: (...values: unknown[]) => statement.run(...bound(values)),
      };
    },
    transaction:
      <Args extends unknown[]>(work: (...args: Args) => void) =>
      (...args: Args) => {
        database.exec('BEGIN');
        work(...args);
        database.exec('COMMIT');
      },
  };
  return { saver: new SqliteSaver(driver as never), close: () => database.close() };
}
