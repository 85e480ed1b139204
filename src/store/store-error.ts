import { errorMessage, NoVerdictError, type SluiceError, UsageError } from '../core/index.ts';

/** Primary result codes of SQLite that have a meaning for the user (https://sqlite.org/rescode.html). */
const SQLITE = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADb: 26,
};

const MOVE_AWAY =
  'Move the file away; a new store is made with the next trace. Or set SLUICE_HOME to another folder.';

/** The primary result code of an error that SQLite reported; undefined for any other error. */
function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number')
    return undefined;
  // Extended codes carry the primary one in their low byte.
  return thrown.errcode & 0xff;
}

/** True when another connection holds the lock: the same call may succeed a moment later. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === SQLITE.busy || code === SQLITE.locked;
}

/** True when SQLite could not open a file it needs, which for a store in WAL mode includes the files beside it. */
export function isCannotOpen(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === SQLITE.cantOpen || code === SQLITE.readOnly;
}

/**
 * What an error of SQLite or of the file system means for the user, naming the store's file. Anything else is a defect
 * and is returned as it is.
 */
export function storeError(thrown: unknown, path: string): unknown {
  const cause = thrown;
  switch (resultCode(thrown)) {
    case undefined:
      return isSystemError(thrown) ? storeUnavailable(thrown, path) : thrown;
    case SQLITE.busy:
    case SQLITE.locked:
      return new NoVerdictError('STORE_BUSY', `The trace store ${path} is locked by another process.`, {
        cause,
        hint: 'Try again when the other process has finished writing.',
      });
    case SQLITE.readOnly:
      return new UsageError(
        'STORE_READ_ONLY',
        `The trace store ${path} cannot be written: it is read-only.`,
        {
          cause,
          hint: 'Make the file and its folder writable, or set SLUICE_HOME to another folder.',
        },
      );
    case SQLITE.ioError:
      return new NoVerdictError(
        'STORE_IO',
        `The disk failed at the trace store ${path}: ${errorMessage(thrown)}.`,
        {
          cause,
          hint: 'Check the disk, its quota and its free space.',
        },
      );
    case SQLITE.full:
      return new NoVerdictError('STORE_FULL', `No space is left for the trace store ${path}.`, {
        cause,
        hint: 'Free some space, or set SLUICE_HOME to a folder on another disk.',
      });
    case SQLITE.corrupt:
      return new UsageError('STORE_DAMAGED', `The trace store ${path} is damaged: ${errorMessage(thrown)}.`, {
        cause,
        hint: MOVE_AWAY,
      });
    case SQLITE.notADb:
      return new UsageError(
        'STORE_NOT_A_DATABASE',
        `${path} is not a trace store: it is no SQLite database.`,
        {
          cause,
          hint: MOVE_AWAY,
        },
      );
    case SQLITE.cantOpen:
      return storeUnavailable(thrown, path);
    default:
      return thrown;
  }
}

/** A folder where the file of the store should be. */
export function storeIsFolder(path: string): SluiceError {
  return storeUnavailable(new Error('it is a folder'), path);
}

function storeUnavailable(thrown: unknown, path: string): SluiceError {
  return new UsageError(
    'STORE_UNAVAILABLE',
    `Cannot open the trace store ${path}: ${errorMessage(thrown)}.`,
    {
      cause: thrown,
      hint: 'Check the path and its permissions, or set SLUICE_HOME to another folder.',
    },
  );
}

function isSystemError(thrown: unknown): boolean {
  return thrown instanceof Error && 'syscall' in thrown;
}

/** A store written by a newer version of this program. */
export function storeTooNew(path: string, found: number, known: number): SluiceError {
  return new UsageError(
    'STORE_TOO_NEW',
    `The trace store ${path} has format ${found}; this version of sluicegate knows formats up to ${known}.`,
    { hint: 'Update sluicegate, or set SLUICE_HOME to another folder.' },
  );
}

/** A SQLite database that another program made. */
export function storeForeign(path: string): SluiceError {
  return new UsageError(
    'STORE_FOREIGN',
    `${path} is a SQLite database of another program, not a trace store.`,
    {
      hint: 'Set SLUICE_HOME to another folder.',
    },
  );
}

/** A call on a store after it was closed. */
export function storeClosed(path: string): SluiceError {
  return new UsageError('STORE_CLOSED', `The trace store ${path} is closed.`);
}

/** A change to a store that was opened for reading. */
export function storeOpenedReadOnly(path: string): SluiceError {
  return new UsageError('STORE_READ_ONLY', `The trace store ${path} was opened for reading only.`);
}

/** A record that does not follow its schema. */
export function traceDamaged(path: string, traceId: string, problem: string): SluiceError {
  return new NoVerdictError('TRACE_DAMAGED', `Trace ${traceId} in ${path} cannot be read: ${problem}.`, {
    hint: 'Its record was changed or cut; list the traces to choose another one: sluice traces list',
  });
}
