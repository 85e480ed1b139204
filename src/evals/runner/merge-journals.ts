import { join } from 'node:path';
import { hasErrorCode } from '../../core/index.ts';
import { callSchema, type ExperimentHead } from '../experiment.ts';
import { JOURNAL_FILE, openJournal } from './journal.ts';
import { journalLines } from './journal-lines.ts';

/**
 * Writes the journal of a merged run out of those of its shards, so that its report has the answers. Returns the folders
 * that have no journal; the scores do not need one.
 */
export async function mergeJournals(
  folders: readonly string[],
  into: { readonly folder: string; readonly head: ExperimentHead },
): Promise<readonly string[]> {
  const without: string[] = [];
  const journal = await openJournal(into.folder, into.head);
  try {
    for (const folder of folders) {
      try {
        for await (const line of journalLines(join(folder, JOURNAL_FILE))) {
          if (line.number > 1 && line.endByte !== undefined)
            journal.append(callSchema.parse(JSON.parse(line.text)));
        }
      } catch (error) {
        if (!hasErrorCode(error, 'ENOENT')) throw error;
        without.push(folder);
      }
    }
  } finally {
    journal.close();
  }
  return without;
}
