import { adjustedCount, RANDOM_SPACE, rejectionThreshold } from './probability.ts';

/**
 * What a W3C `tracestate` says of sampling: OpenTelemetry's list member `ot` with its sub-keys `th` and `rv`, and
 * everything else as it was.
 *
 * Source: OpenTelemetry specification, "TraceState: Probability Sampling" and "TraceState Handling"; W3C Trace Context.
 */
export interface TraceState {
  /** Rejection threshold, from 0 (everything is kept) to below 2^56. Absent: not sampled by probability. */
  readonly threshold?: bigint;
  /** The 56 random bits to decide by, where they are not those of the trace id. */
  readonly randomness?: bigint;
  /** Other sub-keys of `ot`, as `key:value`. */
  readonly otherFields: readonly string[];
  /** List members of other vendors, as `key=value`, in order. */
  readonly otherMembers: readonly string[];
}

const MAX_MEMBERS = 32;
const MAX_OT_LENGTH = 256;
const OT_FIELD = /^[a-z][a-z0-9]*:[A-Za-z0-9._-]*$/;
/** A key of W3C Trace Context, then printable ASCII without comma and equals sign. */
const MEMBER =
  /^[a-z0-9][a-z0-9_\-*/]{0,240}(?:@[a-z][a-z0-9_\-*/]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

/**
 * Reads a `tracestate` header. What is malformed is ignored, as the specification asks: a bad `th` or `rv` is one that is
 * not there, a bad member is left out.
 */
export function parseTraceState(header: string): TraceState {
  const members = header
    .split(',')
    .map((member) => member.trim())
    .filter((member) => MEMBER.test(member));
  const ot = members.find((member) => member.startsWith('ot='))?.slice('ot='.length) ?? '';
  const fields = ot.length <= MAX_OT_LENGTH ? ot.split(';').filter((field) => OT_FIELD.test(field)) : [];
  const threshold = hexField(fields, 'th', /^[0-9a-f]{1,14}$/);
  const randomness = hexField(fields, 'rv', /^[0-9a-f]{14}$/);
  return {
    ...(threshold === undefined ? {} : { threshold }),
    ...(randomness === undefined ? {} : { randomness }),
    otherFields: fields.filter((field) => !/^(?:th|rv):/.test(field)),
    otherMembers: members.filter((member) => !member.startsWith('ot=')).slice(0, MAX_MEMBERS),
  };
}

/** Writes a `tracestate` header, `ot` first. Empty when there is nothing to say. */
export function formatTraceState(state: Partial<TraceState>): string {
  const { threshold, randomness, otherFields = [], otherMembers = [] } = state;
  const fields = [
    ...(threshold === undefined ? [] : [`th:${formatThreshold(threshold)}`]),
    ...(randomness === undefined ? [] : [`rv:${randomness.toString(16).padStart(14, '0')}`]),
    ...otherFields,
  ];
  while (fields.join(';').length > MAX_OT_LENGTH) fields.pop();
  const ot = fields.length === 0 ? [] : [`ot=${fields.join(';')}`];
  return [...ot, ...otherMembers].slice(0, MAX_MEMBERS).join(',');
}

/** A threshold as `th` has it: 14 hexadecimal digits without the zeros at the end. */
function formatThreshold(threshold: bigint): string {
  if (threshold < 0n || threshold >= RANDOM_SPACE) {
    throw new RangeError(`A sampling threshold is from 0 to below 2^56, not ${threshold}.`);
  }
  return threshold.toString(16).padStart(14, '0').replace(/0+$/, '') || '0';
}

function hexField(fields: readonly string[], key: string, form: RegExp): bigint | undefined {
  const found = fields.find((field) => field.startsWith(`${key}:`));
  const value = found?.slice(key.length + 1);
  if (value === undefined || !form.test(value)) return undefined;
  return BigInt(`0x${key === 'th' ? value.padEnd(14, '0') : value}`);
}

/** A W3C `traceparent` header. */
export interface TraceParent {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Bit 0 is "sampled". */
  readonly traceFlags: number;
}

/**
 * Version, ids, flags, and what a later version says beyond them. Ids of zeros alone and the version ff are not valid.
 *
 * Source: W3C Trace Context, "traceparent Header".
 */
const TRACE_PARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent` header; undefined for anything that is not one. */
export function parseTraceParent(header: unknown): TraceParent | undefined {
  const [, version, traceId, spanId, flags, more] =
    (typeof header === 'string' && TRACE_PARENT.exec(header)) || [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

/** How a caller in another service has sampled, where it says so. */
export interface IncomingSampling {
  readonly threshold?: bigint;
  readonly randomness?: bigint;
}

/**
 * The sampling of the caller, from its trace id (32 hex digits) and the `tracestate` header that it sent. The randomness is
 * `rv` where it is given, else that of the trace id, which is the one that every service of the request decides by.
 */
export function incomingSampling(traceId: string, traceState = ''): IncomingSampling {
  const { threshold, randomness } = parseTraceState(traceState);
  return {
    ...(threshold === undefined ? {} : { threshold }),
    randomness: randomness ?? BigInt(`0x${traceId.slice(-14)}`),
  };
}

/** What the `tracestate` of an exported trace is made from. */
export interface ExportedSampling {
  /** The trace id that it is exported under: 32 hexadecimal digits. */
  readonly traceIdHex: string;
  /** How many runs it stands for. */
  readonly weight: number;
  /** Whether it was kept by a share, and not for itself. */
  readonly sampled: boolean;
  /** What the decision was made by, where a caller had sampled. */
  readonly incoming: IncomingSampling;
  /** The `tracestate` of the span that encloses the run. */
  readonly parentState?: string | undefined;
}

/**
 * The `tracestate` of an exported trace: `th` where it was kept by a share, which may be all (`th:0`), `rv` where the decision was not made by the trace
 * id, and what the enclosing span said beside them. A trace that was kept for itself has no threshold, whatever its caller's
 * was, and none is given that the random bits contradict.
 */
export function exportedTraceState({
  traceIdHex,
  weight,
  sampled,
  incoming,
  parentState,
}: ExportedSampling): string {
  const { otherFields, otherMembers } = parseTraceState(parentState ?? '');
  const own = BigInt(`0x${traceIdHex.slice(-14)}`);
  const randomness = incoming.randomness ?? own;
  const threshold = sampled ? thresholdOf(weight, incoming.threshold) : undefined;
  return formatTraceState({
    ...(threshold === undefined || randomness < threshold ? {} : { threshold }),
    ...(randomness === own ? {} : { randomness }),
    otherFields,
    otherMembers,
  });
}

/** The caller's, where the weight came from it: the weight has 53 of its 56 bits. */
function thresholdOf(weight: number, incoming: bigint | undefined): bigint {
  return incoming !== undefined && adjustedCount(incoming) === weight
    ? incoming
    : rejectionThreshold(1 / weight);
}
