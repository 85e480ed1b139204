import type { KeepDecision } from '../../core/index.ts';
import { isPlace } from '../span-place.ts';
import type { KeepRule } from './keep-rule.ts';
import { adjustedCount, RANDOM_SPACE, randomnessOf, rejectionThreshold } from './probability.ts';
import type { TraceFacts } from './trace-facts.ts';

/** Reasons of what a share has kept: the base rate, and the rate of a path. */
const SAMPLED = 'sampled';
const PATH = 'path:';

/** Which traces to keep. */
export interface KeepPolicy {
  /** In order: the first one that matches decides. */
  readonly keep: readonly KeepRule[];
  /** Probability, from 0 to 1, that a run which no rule matches is kept. */
  readonly sampleRate: number;
}

/** Whether a trace is kept, why, and what it stands for. */
export type Decision =
  | ({
      readonly keep: true;
      /** Whether it was kept by a share, and not for itself. */
      readonly sampled: boolean;
    } & KeepDecision)
  | { readonly keep: false; readonly reason: string };

/**
 * Decides a finished trace: by the first rule that matches, else by the base rate. A trace that is kept for what it is
 * stands for itself alone. One that is kept by a share is kept when its randomness reaches the threshold of the rate, so that
 * every service that sees this trace at this rate decides alike, and stands for 1 / rate runs. Where a caller has
 * sampled already, its threshold takes the place of the base rate.
 *
 * Source: OpenTelemetry specification, "TraceState: Probability Sampling" (keep when R >= T).
 */
export function decide(trace: TraceFacts, policy: KeepPolicy): Decision {
  for (const rule of policy.keep) {
    const decision = applyRule(rule, trace);
    if (decision !== undefined) return decision;
  }
  return sample(SAMPLED, trace, trace.incoming?.threshold ?? rejectionThreshold(policy.sampleRate));
}

/** Whether a trace was kept by a share, by what is recorded of its decision. */
export function wasSampled({ reason, weight }: KeepDecision): boolean {
  return weight > 1 || reason === SAMPLED || reason.startsWith(PATH);
}

/** Undefined when the rule does not match. */
function applyRule(rule: KeepRule, trace: TraceFacts): Decision | undefined {
  switch (rule.type) {
    case 'error':
      return errorReason(trace, rule.scope);
    case 'outcome':
      return rule.outcomes.includes(trace.outcome) ? kept(`outcome:${trace.outcome}`) : undefined;
    case 'slower_than':
      return trace.durationMs > rule.ms ? kept('slower_than') : undefined;
    case 'path':
      return isPlace(trace.spans, rule) && hasMetadata(trace, rule.metadata)
        ? sample(pathReason(rule), trace, rejectionThreshold(rule.rate))
        : undefined;
    case 'custom':
      return applyPredicate(rule, trace);
  }
}

function errorReason(trace: TraceFacts, scope: 'any_span' | 'root'): Decision | undefined {
  if (trace.outcome === 'error') return kept('error');
  if (scope === 'root') return undefined;
  const failed = trace.spans.some(({ outcome }) => outcome === 'error' || outcome === 'handled_error');
  return failed || trace.outcome === 'handled_error' ? kept('handled_error') : undefined;
}

/** Fails open: what cannot be judged is kept, and its reason says so. */
function applyPredicate(
  { name, predicate }: KeepRule & { readonly type: 'custom' },
  trace: TraceFacts,
): Decision | undefined {
  let verdict: unknown;
  try {
    verdict = predicate(trace);
  } catch {
    return kept(`custom:${name}:failed`);
  }
  if (verdict === false) return undefined;
  return kept(verdict === true ? `custom:${name}` : `custom:${name}:failed`);
}

function hasMetadata(trace: TraceFacts, values: Readonly<Record<string, unknown>> = {}): boolean {
  const metadata = trace.spans[0]?.metadata ?? {};
  return Object.entries(values).every(([key, value]) => metadata[key] === value);
}

/** For example `path:graph=support,route=/refunds`. Made of the rule alone, so that there are as many reasons as rules. */
function pathReason({
  type: _type,
  rate: _rate,
  metadata,
  ...place
}: KeepRule & { readonly type: 'path' }): string {
  const parts = Object.entries({ ...place, ...metadata }).filter(([, value]) => value !== undefined);
  return `${PATH}${parts.map(([key, value]) => `${key}=${value}`).join(',')}`;
}

function kept(reason: string): Decision {
  return { keep: true, reason, weight: 1, sampled: false };
}

function sample(reason: string, trace: TraceFacts, threshold: bigint): Decision {
  const randomness = trace.incoming?.randomness ?? randomnessOf(trace.traceId);
  if (threshold >= RANDOM_SPACE || randomness < threshold) return { keep: false, reason: 'not_sampled' };
  return { keep: true, reason, weight: adjustedCount(threshold), sampled: true };
}
