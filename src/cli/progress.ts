import type { Clock } from '../core/index.ts';
import type { Output } from './command.ts';

/** How far some work is. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  /** Of `done`: what an earlier session had finished. It says nothing about the speed of this one. Default 0. */
  readonly resumed?: number;
  /** Appended to the line, for example `2 agent failures`. */
  readonly note?: string;
}

/** Shows how far some work is. */
export interface Progress {
  update(state: ProgressState): void;
  /** Removes the line that is being redrawn. Idempotent. */
  close(): void;
}

/** Options of {@link createProgress}. */
export interface ProgressOptions {
  readonly output: Output;
  readonly clock: Pick<Clock, 'now'>;
}

/** A terminal is redrawn no more often than this: a person cannot read faster and writing costs the run time. */
const REDRAW_MS = 100;
/** Elsewhere a line is written every tenth of the work, and after this time at the latest. */
const LINE_MS = 10_000;
const BAR_WIDTH = 24;

/** A progress bar with the time left on a terminal; elsewhere a plain line every 10% or 10 s, whichever is first. */
export function createProgress({ output, clock }: ProgressOptions): Progress {
  const startedMs = clock.now();
  let shownMs = Number.NEGATIVE_INFINITY;
  let shownTenth = -1;
  let isDrawn = false;
  return {
    update(state) {
      const nowMs = clock.now();
      const finished = state.done >= state.total;
      const text = describe(state, nowMs - startedMs);
      if (output.isTerminal) {
        if (!finished && nowMs - shownMs < REDRAW_MS) return;
        const line = `${bar(state)} ${text}`.slice(0, Math.max(10, output.columns - 1));
        output.write(`\r\u001B[2K${line}`);
        isDrawn = true;
      } else {
        const tenth = state.total === 0 ? 10 : Math.floor((state.done / state.total) * 10);
        if (tenth === shownTenth && nowMs - shownMs < LINE_MS) return;
        shownTenth = tenth;
        output.write(`${text}\n`);
      }
      shownMs = nowMs;
    },
    close() {
      if (isDrawn) output.write('\r\u001B[2K');
      isDrawn = false;
    },
  };
}

function describe({ done, total, resumed = 0, note }: ProgressState, elapsedMs: number): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const parts = [`${done}/${total} (${percent}%)`];
  const finishedHere = done - resumed;
  if (done < total && finishedHere > 0)
    parts.push(`${formatDuration(Math.max(1_000, ((total - done) * elapsedMs) / finishedHere))} left`);
  if (note !== undefined && note !== '') parts.push(note);
  return parts.join(', ');
}

function bar({ done, total }: ProgressState): string {
  const filled = total === 0 ? BAR_WIDTH : Math.round((Math.min(done, total) / total) * BAR_WIDTH);
  return `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`;
}

/** Milliseconds for people: `850ms`, `12s`, `3m 05s`, `2h 10m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const pad = (value: number) => String(value).padStart(2, '0');
  return minutes < 60
    ? `${minutes}m ${pad(seconds % 60)}s`
    : `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}
