import { join } from 'node:path';
import { hasErrorCode, UsageError } from '../../core/index.ts';
import { type Call, callSchema } from '../experiment.ts';
import { JOURNAL_FILE } from './journal.ts';
import { journalLines } from './journal-lines.ts';

/** What was answered in one call. */
export type JournalAnswer = Pick<Call, 'exampleId' | 'contentHash' | 'repeat' | 'outputs'>;

/**
 * The answers in the journal of a run, one after the other, in constant memory; of several for an example and repeat the
 * last one counts. Nothing where there is no journal.
 *
 * @throws UsageError `JOURNAL_DAMAGED` naming the line that cannot be read.
 */
export async function* journalAnswers(folder: string): AsyncGenerator<JournalAnswer> {
  const path = join(folder, JOURNAL_FILE);
  try {
    for await (const { number, text, endByte } of journalLines(path)) {
      // The head, and a last line that was torn off.
      if (number === 1 || endByte === undefined) continue;
      yield parseCall(text, `${path}:${number}`);
    }
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error;
  }
}

function parseCall(text: string, place: string): JournalAnswer {
  try {
    return callSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new UsageError('JOURNAL_DAMAGED', `${place}: cannot be read: it is not a call.`, {
      hint: 'Start a fresh run; the folder may be deleted.',
      cause: error,
    });
  }
}
