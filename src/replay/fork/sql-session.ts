/** A database that takes Postgres SQL, for reading alone. */
export interface SqlSession {
  /** Rows of one statement. `$1`, `$2`… stand for the parameters. */
  rows(sql: string, parameters?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}

/** A pool of one connection for PostgresSaver, which reads through nothing but `query`. */
export function readingPool(session: SqlSession) {
  return {
    query: async (sql: string, parameters?: readonly unknown[]) => ({
      rows: [...(await session.rows(sql, parameters))],
    }),
  };
}
