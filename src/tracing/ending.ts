import { onProcessEnd, type ProcessEvents } from './lifecycle.ts';
import { endingTracers, liveTracers } from './live-tracers.ts';
import { flushMetrics, letGoOfMetrics, takeMetrics } from './process-otel.ts';
import type { Tracer } from './tracer.ts';

/** How long `flush`, `shutdown` and the signal handlers wait at most, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 5_000;
/** How long `shutdown` waits beyond that for exports it has aborted and files it closes, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Options of {@link flush} and {@link shutdown}. */
export interface EndOptions {
  /** How long to wait at most, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
}

/** Takes the listeners of this package off the process; undefined while there are none. */
let leaveProcess: (() => void) | undefined;

/** From now on the tracers are brought to their end with the process. The listeners are there once, however many there are. */
export function followProcess(process: ProcessEvents): void {
  leaveProcess ??= onProcessEnd(process, {
    flush: () =>
      within(
        undefined,
        withProcess().map((tracer) => tracer.flush()),
      ),
    drain: async () => {
      const tracers = withProcess();
      await within(undefined, [
        Promise.allSettled(tracers.map((tracer) => tracer.drain())).then(flushMetrics),
      ]);
      for (const tracer of tracers) tracer.letGo();
      void letGoOfMetrics();
    },
    persist: () => {
      for (const tracer of withProcess()) tracer.persist();
    },
  });
}

function withProcess(): readonly Tracer[] {
  return [...liveTracers].flatMap(({ tracer, endsWithProcess }) => (endsWithProcess ? [tracer] : []));
}

/**
 * Resolves when every run that has ended is written, or after the time limit. For serverless functions, at the end of a
 * request. Never rejects: what could not be written is tried again later.
 */
export async function flush(options: EndOptions = {}): Promise<void> {
  await within(
    options.timeoutMs,
    [...liveTracers].map(({ tracer }) => tracer.flush()),
  );
}

/**
 * Writes what is waiting, records runs still under way as cancelled, and closes the store. Graphs wrapped before are no
 * longer traced. Idempotent, bounded by the time limit, never rejects.
 */
export async function shutdown(options: EndOptions = {}): Promise<void> {
  const closing = [...liveTracers];
  const metrics = takeMetrics();
  liveTracers.clear();
  leaveProcess?.();
  leaveProcess = undefined;
  for (const live of closing) {
    endingTracers.add(live);
    live.tracer.stop();
  }
  await within(
    options.timeoutMs,
    closing.map(({ tracer }) => tracer.drain()),
  );
  // Before the tracers are let go of: it reads their health.
  await within(CLOSE_TIMEOUT_MS, [metrics.shutdown()]);
  void metrics.letGo();
  await within(
    CLOSE_TIMEOUT_MS,
    closing.map(async ({ tracer, otel }) => {
      await tracer.close();
      await (await otel)?.shutdown();
    }),
  );
  for (const live of closing) endingTracers.delete(live);
}

async function within(timeoutMs: number | undefined, work: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs ?? DEFAULT_TIMEOUT_MS);
  });
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
