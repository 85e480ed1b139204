type Sqlite = typeof import('node:sqlite');

/**
 * Loads `node:sqlite` without the ExperimentalWarning that Node.js 22 prints for it: it would reach the terminal of
 * everybody who traces a graph or lists traces. Loading lazily also spares a program that never opens a store.
 */
export function loadSqlite(): Sqlite {
  return withoutSqliteWarning(() => process.getBuiltinModule('node:sqlite'));
}

/**
 * Runs synchronous `work` with the warning that SQLite is experimental left out. Every other warning passes, and
 * afterwards that one does, too.
 */
export function withoutSqliteWarning<Result>(work: () => Result): Result {
  const emitWarning = process.emitWarning;
  process.emitWarning = (...args: unknown[]) => {
    if (!isSqliteWarning(args)) Reflect.apply(emitWarning, process, args);
  };
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isSqliteWarning([warning, type]: unknown[]): boolean {
  return type === 'ExperimentalWarning' && typeof warning === 'string' && warning.startsWith('SQLite ');
}
