import { type Json, toWire } from '../core/index.ts';

/** A server-sent event as LangServe writes it: CRLF line ends, and no data line where there is no data. */
export function encodeEvent(event: string, data?: Json): string {
  // JSON has no line breaks of its own, so one data line holds it all.
  const line = data === undefined ? '' : `data: ${JSON.stringify(data)}\r\n`;
  return `event: ${event}\r\n${line}\r\n`;
}

/** Options of {@link eventStream}. */
export interface EventStreamOptions {
  readonly runId: string;
  /** Starts the run. */
  readonly start: () => Promise<AsyncIterable<unknown>>;
  /** Called when the run fails; returns what the client is told. */
  readonly onError: (thrown: unknown) => Json;
  /** Called when the client goes away. */
  readonly onCancel: () => void;
}

/**
 * The body of `/stream`: `metadata` with the run id, a `data` event for each chunk, then `end`, or `error` and no end.
 * Chunks are read from the run as the client reads them.
 */
export function eventStream(options: EventStreamOptions): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const events = runEvents(options);
  return new ReadableStream({
    async pull(controller) {
      const next = await events.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      options.onCancel();
      await events.return(undefined);
    },
  });
}

async function* runEvents(options: EventStreamOptions): AsyncGenerator<string, undefined> {
  try {
    yield encodeEvent('metadata', { run_id: options.runId });
    for await (const chunk of await options.start()) yield encodeEvent('data', toWire(chunk));
    yield encodeEvent('end');
  } catch (thrown) {
    yield encodeEvent('error', options.onError(thrown));
  }
}
