import { createHash } from 'node:crypto';
import { isUuid, toTraceIdHex } from '../../core/index.ts';

/** The part of a trace or span id that W3C Trace Context does not allow: all zero. */
const ZERO = /^0+$/;

/**
 * The OpenTelemetry trace id of a run that no other trace encloses: the 128 bits of its run id, as 32 lower-case hex
 * digits. A run that its caller named with something other than a UUID gets a hash of that name.
 */
export function otelTraceId(rootRunId: string): string {
  return notZero(bits(rootRunId));
}

/**
 * The OpenTelemetry span id of a run: the low 64 bits of its run id, as 16 lower-case hex digits. Every process that
 * knows the run id knows the span id, so that what is recorded beside the graph can name its parent before the graph's
 * own spans are decided.
 */
export function otelSpanId(runId: string): string {
  return notZero(bits(runId).slice(16));
}

function bits(runId: string): string {
  if (isUuid(runId)) return toTraceIdHex(runId);
  return createHash('sha256').update(runId).digest('hex').slice(0, 32);
}

function notZero(hex: string): string {
  return ZERO.test(hex) ? `${hex.slice(0, -1)}1` : hex;
}
