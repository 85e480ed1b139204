import type { KeepDecision, Usage } from '../../core/index.ts';

/** A length of time with two or three digits that matter: `8ms`, `1.2s`, `2m 05s`, `1h 02m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0.95) return durationMs <= 0 ? '0ms' : '<1ms';
  if (durationMs < 999.5) return `${Math.round(durationMs)}ms`;
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)}s`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

/** How long ago a moment was, in its largest unit: `12s ago`, `5m ago`, `3h ago`, `2d ago`. */
export function formatAge(timeMs: number, nowMs: number): string {
  const seconds = Math.floor((nowMs - timeMs) / 1_000);
  // The clock of another machine, or one that was set back.
  if (seconds < 0) return 'in future';
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}

/** A moment as `2026-11-22 22:24:32 UTC`. */
export function formatMoment(timeMs: number): string {
  const date = new Date(timeMs);
  if (Number.isNaN(date.getTime())) return `${timeMs} ms`;
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A count with its noun: `1 span`, `2 spans`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `340 tokens`; undefined when the model reported none. */
export function formatTokens(usage: Usage | undefined): string | undefined {
  return usage === undefined ? undefined : formatCount(usage.totalTokens, 'token');
}

/** Why a trace was kept and how many runs it stands for: `sampled ×10`. */
export function formatDecision({ reason, weight }: KeepDecision): string {
  return `${reason} ×${Number(weight.toPrecision(3))}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
