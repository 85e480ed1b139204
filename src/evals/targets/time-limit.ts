import type { Clock } from '../../core/index.ts';

/** How a piece of work under a time limit ended. */
export type Limited<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'threw'; readonly thrown: unknown }
  | { readonly kind: 'timed_out' };

/** One for all: a reason made anew for every call, with its stack, costs more than the rest of the time limit. */
const CALLED_OFF = new Error('The work ended within its time limit.');

/**
 * Runs work that may take at most `timeoutMs`. Its signal is aborted when the time is over; work that does not heed it is
 * left behind. Rejects with the outer signal's reason when that is aborted, and with nothing else.
 */
export async function withTimeLimit<Value>(
  work: (signal: AbortSignal) => Promise<Value>,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly clock: Clock },
): Promise<Limited<Value>> {
  const { timeoutMs, signal, clock } = limits;
  signal.throwIfAborted();
  const inner = new AbortController();
  const timer = new AbortController();
  let onAbort = () => {};
  try {
    return await new Promise<Limited<Value>>((resolve, reject) => {
      onAbort = () => {
        reject(signal.reason);
        inner.abort(signal.reason);
      };
      signal.addEventListener('abort', onAbort);
      clock.sleep(timeoutMs, timer.signal).then(
        () => {
          resolve({ kind: 'timed_out' });
          inner.abort(new Error(`No answer within ${timeoutMs} ms.`));
        },
        (thrown: unknown) => {
          if (thrown !== CALLED_OFF) reject(thrown);
        },
      );
      work(inner.signal).then(
        (value) => resolve({ kind: 'done', value }),
        (thrown: unknown) => resolve({ kind: 'threw', thrown }),
      );
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    timer.abort(CALLED_OFF);
  }
}
