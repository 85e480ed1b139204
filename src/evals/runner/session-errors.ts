import { NoVerdictError } from '../../core/index.ts';
import { mentionsQuota } from '../targets/index.ts';
import { sentence } from './unscored.ts';

const QUOTA_HINT =
  "The agent's model provider refuses more calls: wait or raise its limit, then run the same command; what was answered is kept.";

/** How far a session came. */
export interface SessionCounts {
  readonly done: number;
  readonly notMeasured: number;
  readonly total: number;
}

/** The first round does not fit into the budget. `what`: the limit that was reached. */
export function budgetSpent(runId: string, what: string, { done, total }: SessionCounts): NoVerdictError {
  return new NoVerdictError(
    'BUDGET_SPENT',
    `Run ${runId} spent its budget (${what}) after ${done} of ${total} calls: there is no verdict.`,
    {
      hint: 'Raise --budget-usd, --budget-tokens or --budget-time and run the same command: it resumes, and what was answered is kept.',
    },
  );
}

/** The target answered none of its first calls. */
export function unreachable(target: string, error: string | undefined, calls: number): NoVerdictError {
  return new NoVerdictError(
    'TARGET_UNREACHABLE',
    `${target} answered none of its first ${calls} calls: ${sentence(error)}`,
    {
      hint: mentionsQuota(error) ? QUOTA_HINT : 'Start the agent, for example: sluice serve ./agent.ts#graph',
    },
  );
}

/** The target answered and no longer does. */
export function lost(
  target: string,
  error: string | undefined,
  {
    runId,
    unanswered,
    counts: { done, notMeasured, total },
  }: { readonly runId: string; readonly unanswered: number; readonly counts: SessionCounts },
): NoVerdictError {
  return new NoVerdictError(
    'TARGET_LOST',
    `${target} stopped answering after ${done - notMeasured} of ${total} calls of run ${runId}: ${unanswered} in a row got no answer, the last: ${sentence(error)}`,
    {
      hint: mentionsQuota(error)
        ? QUOTA_HINT
        : 'Start the agent again and run the same command: it resumes, and what was answered is kept.',
    },
  );
}
