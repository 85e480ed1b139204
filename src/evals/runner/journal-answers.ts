import { join } from 'node:path';
import { hasErrorCode, UsageError } from '../../core/index.ts';
import { type Call, callSchema } from '../experiment.ts';
import { JOURNAL_FILE } from './journal.ts';
import { journalLines } from './journal-lines.ts';

/** What was answered in one call. */
export type JournalAnswer = Pick<Call, 'exampleId' | 'contentHash' | 'repeat' | 'outputs'>;

/**
 * The answers in the journal of a run, one after the other, in constant memory; of several for an example and repeat the
 * last one counts. Nothing where there is no journal. Lines of calls that are not `wanted` are not parsed where they need not
 * be; default: all are wanted.
 *
 * @throws UsageError `JOURNAL_DAMAGED` naming the line that cannot be read.
 */
export async function* journalAnswers(
  folder: string,
  wanted: (call: Pick<Call, 'exampleId' | 'repeat'>) => boolean = () => true,
): AsyncGenerator<JournalAnswer> {
  const path = join(folder, JOURNAL_FILE);
  try {
    for await (const { number, text, endByte } of journalLines(path)) {
      // The head, and a last line that was torn off.
      if (number === 1 || endByte === undefined) continue;
      const identity = identityOf(text);
      if (identity !== undefined && !wanted(identity)) continue;
      const call = parseCall(text, `${path}:${number}`);
      if (wanted(call)) yield call;
    }
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error;
  }
}

/** How a line begins that this program has written. */
const IDENTITY = /^\{"exampleId":("(?:[^"\\]|\\.)*"),"contentHash":"[^"\\]*","repeat":(\d+),/;

/** Whose call a line is, where its beginning says so. */
function identityOf(text: string): Pick<Call, 'exampleId' | 'repeat'> | undefined {
  const [, id, repeat] = IDENTITY.exec(text) ?? [];
  if (id === undefined || repeat === undefined) return undefined;
  try {
    return { exampleId: String(JSON.parse(id)), repeat: Number(repeat) };
  } catch {
    // What is wrong with it is said where the whole line is parsed.
    return undefined;
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
