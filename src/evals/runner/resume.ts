import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  errorMessage,
  hasErrorCode,
  type Logger,
  runFolder,
  SluiceError,
  silentLogger,
} from '../../core/index.ts';
import type { ExperimentHead } from '../experiment.ts';
import { readJournalHead, runIdentity } from './journal.ts';
import { lockHolder } from './run-lock.ts';

/** What {@link findResumable} looks for. */
export interface ResumableQuery {
  /** The home whose `runs` folder is searched. */
  readonly home: string;
  /** The head that a new run would have. Its `runId`, `startedAt` and dataset path are not compared. */
  readonly head: ExperimentHead;
  /** Told of run folders whose journal cannot be read. Default: silent. */
  readonly logger?: Logger;
}

const RESULTS_FILE = 'results.json';

/**
 * Folder of the newest unfinished run of the same suite, dataset content, split, target, repeats, time limit, evaluators
 * and commit that no living process is at work on; undefined when there is none.
 */
export async function findResumable(query: ResumableQuery): Promise<string | undefined> {
  const { home, head, logger = silentLogger } = query;
  const wanted = runIdentity(head);
  let newest: { readonly folder: string; readonly startedAt: string } | undefined;
  for (const name of await runNames(home)) {
    const folder = runFolder(home, name);
    if (await exists(join(folder, RESULTS_FILE))) continue;
    const found = await readHead(folder, logger);
    if (found === undefined || runIdentity(found) !== wanted || lockHolder(folder) !== undefined) continue;
    if (newest === undefined || Date.parse(found.startedAt) > Date.parse(newest.startedAt)) {
      newest = { folder, startedAt: found.startedAt };
    }
  }
  return newest?.folder;
}

async function readHead(folder: string, logger: Logger): Promise<ExperimentHead | undefined> {
  try {
    return await readJournalHead(folder);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    logger.warn(`An unfinished run is passed over: ${errorMessage(error)}`);
    return undefined;
  }
}

async function runNames(home: string): Promise<string[]> {
  try {
    const entries = await readdir(join(home, 'runs'), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false;
    throw error;
  }
}
