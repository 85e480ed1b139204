import { type Privacy, stricter } from '../redaction/index.ts';

/** A span, as far as it says that a graph with a privacy of its own runs there. */
interface GuardedSpan {
  readonly innerPrivacy?: readonly Privacy[] | undefined;
}

/**
 * What may be recorded of a span inside of graphs that are wrapped themselves: what every one of them lets through, and the
 * tracer that records the run too.
 *
 * @param chain The span and what encloses it.
 */
export function privacyIn(own: Privacy, chain: readonly GuardedSpan[]): Privacy {
  return chain.flatMap(({ innerPrivacy = [] }) => innerPrivacy).reduce(stricter, own);
}
