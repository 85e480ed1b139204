import { basename } from 'node:path';
import type { Experiment, ExperimentHead } from '../../evals/experiment.ts';
import {
  type AnswerCache,
  type RunExperimentOptions,
  type RunLock,
  type RunProgress,
  runExperiment,
} from '../../evals/runner/index.ts';
import type { Target } from '../../evals/targets/index.ts';
import type { CommandContext } from '../command.ts';
import { createProgress } from '../progress.ts';
import type { EvalPlan } from './eval-plan.ts';

/** What {@link execute} needs beside the plan. */
export interface Execution {
  readonly plan: EvalPlan;
  readonly folder: string;
  readonly target: Target;
  readonly lock: RunLock;
  readonly cache?: AnswerCache | undefined;
  readonly nextRound?: RunExperimentOptions['nextRound'];
}

/** Runs the plan in its folder and shows how far it is. Closes the target: its traces are written before a report names them. */
export async function execute(execution: Execution, context: CommandContext): Promise<Experiment> {
  const { plan, folder, target, lock, cache, nextRound } = execution;
  const { suite, examples, evaluators, budget } = plan;
  const { clock, signal, stderr } = context;
  const head = { ...plan.head, runId: basename(folder) };
  const progress = createProgress({ output: stderr, clock });
  let state: RunProgress | undefined;
  try {
    return await runExperiment({
      head,
      examples,
      target,
      evaluators,
      runFolder: folder,
      lock,
      concurrency: suite.concurrency,
      maxRetries: suite.maxRetries,
      clusterField: suite.gate.cluster,
      prices: suite.prices,
      budget,
      cache,
      nextRound,
      clock,
      random: Math.random,
      signal,
      onProgress: (reported) => {
        if (state === undefined) stderr.write(opening(head, reported));
        else if (reported.call === undefined) {
          progress.close();
          stderr.write(roundOpening(reported));
        }
        state = reported;
        progress.update({ ...reported, note: noteOf(reported) });
      },
    });
  } finally {
    progress.close();
    if (signal.aborted && state !== undefined && state.done < state.total)
      stderr.write(
        `Run ${head.runId} stopped: ${state.done} of ${state.total} finished. Run the same command again to resume.\n`,
      );
    await target.close();
  }
}

function opening({ runId, target, shard }: ExperimentHead, { done, total, resumed }: RunProgress): string {
  const part = shard === undefined ? '' : `, shard ${shard.index}/${shard.of}`;
  if (resumed > 0)
    return `Resuming run ${runId}${part}: ${done} of ${total} finished (--fresh starts over).\n`;
  return `Run ${runId}${part}: ${total} call${total === 1 ? '' : 's'} to ${target}\n`;
}

function roundOpening({ extraRound, total, done }: RunProgress): string {
  if (extraRound === undefined) return '';
  const { number, why } = extraRound;
  return `Extra round ${number} (${why}): all examples once more, ${total - done} calls.\n`;
}

function noteOf({ agentFailed, notMeasured, cached, extraRound }: RunProgress): string {
  return [
    ...(extraRound === undefined ? [] : [`extra round ${extraRound.number}`]),
    ...(cached > 0 ? [`${cached} from the cache`] : []),
    ...(agentFailed > 0 ? [`${agentFailed} agent failure${agentFailed === 1 ? '' : 's'}`] : []),
    ...(notMeasured > 0 ? [`${notMeasured} not measured`] : []),
  ].join(', ');
}
