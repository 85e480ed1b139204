import { errorMessage, spoolFolder } from '../../core/index.ts';
import { waitingTraces } from '../../tracing/spool/waiting.ts';
import { formatCount } from '../trace-view/index.ts';

/** What traces of a home are not in its store yet, for example after `process.exit()`: a sentence, or undefined for none. */
export async function waitingNote(home: string): Promise<string | undefined> {
  const spool = spoolFolder(home);
  try {
    const count = await waitingTraces(home, 'store');
    if (count === 0) return undefined;
    const wait = `${formatCount(count, 'trace')} ${count === 1 ? 'waits' : 'wait'}`;
    return `${wait} in ${spool} for the next process that traces into this home.`;
  } catch (thrown) {
    return `What waits in ${spool} cannot be read: ${errorMessage(thrown)}.`;
  }
}
