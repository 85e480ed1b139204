const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for a UUID in its canonical, hyphenated form. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A run id as an OpenTelemetry trace id: the same 128 bits as 32 lower-case hex digits. */
export function toTraceIdHex(runId: string): string {
  return runId.replaceAll('-', '').toLowerCase();
}

/**
 * The 56 random bits that OpenTelemetry's consistent probability sampling compares with the threshold: the low 56 bits
 * of the trace id (W3C Trace Context level 2, OTel "TraceState: Probability Sampling"). UUIDs of version 4 and 7 carry
 * random bits there.
 */
export function traceRandomness(runId: string): bigint {
  const hex = toTraceIdHex(runId).slice(-14);
  if (!/^[0-9a-f]{14}$/.test(hex)) throw new TypeError(`Not a run id: ${JSON.stringify(runId)}.`);
  return BigInt(`0x${hex}`);
}
