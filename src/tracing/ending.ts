import { z } from 'zod';
import { UsageError } from '../core/index.ts';
import { onProcessEnd, type ProcessEvents } from './lifecycle.ts';
import { endingTracers, type LiveTracer, liveTracers } from './live-tracers.ts';
import { issueText, optionWording } from './option-wording.ts';
import { flushMetrics, type JoinedOtel, letGoOfMetrics, takeMetrics } from './process-otel.ts';

/** How long `flush`, `shutdown` and the signal handlers wait at most, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** How long `shutdown` waits beyond that for exports it has aborted and files it closes, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** What a timer takes; it makes one millisecond of more. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

const endOptionsSchema = z.strictObject({
  timeoutMs: z.number().min(0).max(LONGEST_TIMEOUT_MS).optional(),
});

/** Options of {@link flush} and {@link shutdown}. */
export interface EndOptions {
  /** How long to wait at most, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
}

/** @throws UsageError `END_OPTIONS_INVALID`. */
function timeoutOf(options: EndOptions): number {
  const parsed = endOptionsSchema.safeParse(options, { error: optionWording });
  if (parsed.success) return parsed.data.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const [issue] = parsed.error.issues;
  throw new UsageError(
    'END_OPTIONS_INVALID',
    `flush and shutdown: ${issue ? issueText(issue) : 'not valid'}.`,
  );
}

/** Takes the listeners of this package off the process; undefined while there are none. */
let leaveProcess: (() => void) | undefined;

/** From now on the tracers are brought to their end with the process. The listeners are there once, however many there are. */
export function followProcess(process: ProcessEvents): void {
  leaveProcess ??= onProcessEnd(process, {
    flush: () => within(DEFAULT_TIMEOUT_MS, flushed(withProcess())),
    drain: async () => {
      const ending = withProcess();
      await within(DEFAULT_TIMEOUT_MS, [Promise.allSettled(drained(ending)).then(flushMetrics)]);
      for (const { tracer, otel } of ending) {
        tracer.letGo();
        otel?.spans()?.letGo();
      }
      void letGoOfMetrics();
    },
    persist: () => {
      for (const { tracer, otel } of withProcess()) {
        tracer.persist();
        otel?.spans()?.persist();
      }
    },
  });
}

function withProcess(): readonly LiveTracer[] {
  return [...liveTracers].filter(({ endsWithProcess }) => endsWithProcess);
}

function flushed(live: readonly LiveTracer[]): readonly Promise<void>[] {
  return [...live.map(({ tracer }) => tracer.flush()), spansOf(live, {})];
}

function drained(live: readonly LiveTracer[]): readonly Promise<void>[] {
  return [...live.map(({ tracer }) => tracer.drain()), spansOf(live, { force: true })];
}

/** Spans inside a run go where its trace goes, once that is decided; they wait for no exporter of traces. */
async function spansOf(live: readonly LiveTracer[], options: { readonly force?: boolean }): Promise<void> {
  await Promise.all(live.map(({ tracer }) => tracer.decided()));
  await Promise.all(live.map(({ otel }) => otel?.spans()?.flush(options)));
}

/**
 * Resolves when every run that has ended is written, or after the time limit. For serverless functions, at the end of a
 * request. What could not be written is tried again later, and no reason to reject.
 *
 * @throws UsageError `END_OPTIONS_INVALID` for an option that is not known or not valid; nothing else rejects.
 */
export async function flush(options: EndOptions = {}): Promise<void> {
  await within(timeoutOf(options), flushed([...liveTracers]));
}

/**
 * Writes what is waiting, records runs still under way as cancelled, and closes the store. Graphs wrapped before are no
 * longer traced. Idempotent and bounded by the time limit.
 *
 * @throws UsageError `END_OPTIONS_INVALID` for an option that is not known or not valid; nothing else rejects.
 */
export async function shutdown(options: EndOptions = {}): Promise<void> {
  const timeoutMs = timeoutOf(options);
  const closing = [...liveTracers];
  const metrics = takeMetrics();
  liveTracers.clear();
  leaveProcess?.();
  leaveProcess = undefined;
  for (const live of closing) {
    endingTracers.add(live);
    live.tracer.stop();
  }
  await within(timeoutMs, drained(closing));
  // Before the tracers are let go of: it reads their health.
  await within(CLOSE_TIMEOUT_MS, [metrics.shutdown()]);
  void metrics.letGo();
  await within(
    CLOSE_TIMEOUT_MS,
    closing.flatMap(({ tracer, otel }) => [tracer.close(), endSpans(otel)]),
  );
  for (const live of closing) endingTracers.delete(live);
}

/** The SDK hands over what it still holds, and only then is the way out closed. */
async function endSpans(otel: JoinedOtel | undefined): Promise<void> {
  await (await otel?.connection)?.shutdown();
  await otel?.spans()?.close();
}

async function within(timeoutMs: number, work: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
