import { EXIT, type ExitCode, runFolder, sluiceHome } from '../../core/index.ts';
import type { Experiment, ExperimentHead } from '../../evals/experiment.ts';
import { acquireRunLock, findResumable, type RunLock } from '../../evals/runner/index.ts';
import { createTarget } from '../../evals/targets/index.ts';
import type { CommandContext } from '../command.ts';
import { keepHeapSmall, THRIFTY_FROM_CALLS } from '../thrifty-heap.ts';
import type { EvalValues } from './eval.ts';
import { execute } from './eval-execution.ts';
import { type EvalGate, evalGate, exitOf } from './eval-gate.ts';
import { type EvalPlan, planEval } from './eval-plan.ts';
import { reportRun } from './eval-report.ts';

/** Runs a suite, compares it with its baseline and reports; the exit code is the verdict. */
export async function runEval(values: EvalValues, context: CommandContext): Promise<ExitCode> {
  if (values.watch) {
    const { watchEval } = await import('./eval-watch.ts');
    return watchEval(values, context);
  }
  const plan = await planEval(values, context);
  try {
    if (plan.examples.size * plan.head.repeats >= THRIFTY_FROM_CALLS) keepHeapSmall();
    // Before the run: a damaged baseline must not cost a whole run to be found.
    const gate = await evalGate(plan, values, context);
    return await runPlan({ plan, gate, values }, context);
  } finally {
    plan.dataset.close();
  }
}

interface GatedPlan {
  readonly plan: EvalPlan;
  readonly gate: EvalGate;
  readonly values: EvalValues;
}

async function runPlan({ plan, gate, values }: GatedPlan, context: CommandContext): Promise<ExitCode> {
  const { cwd, env, clock } = context;
  const folder = await chooseFolder(plan.head, values.fresh, context);
  const { cassettes } = plan.suite;
  const target = await createTarget(plan.head.target, {
    cwd,
    env,
    clock,
    ...(cassettes === undefined ? {} : { cassettes }),
  });
  let lock: RunLock | undefined;
  try {
    // Until the results are written, a run looks unfinished to the next one.
    lock = await acquireRunLock(folder);
    const cache = values.cache ? await openCache(plan, context) : undefined;
    const experiment = await execute(
      { plan, folder, target, lock, cache, nextRound: gate.nextRound },
      context,
    );
    await cache?.prune();
    return await report({ plan, gate, values }, { experiment, folder }, context);
  } finally {
    await target.close();
    await lock?.release();
  }
}

async function report(
  { plan, gate, values }: GatedPlan,
  { experiment, folder }: { readonly experiment: Experiment; readonly folder: string },
  context: CommandContext,
): Promise<ExitCode> {
  const verdict = gate.verdictOf(experiment);
  const calibrates = values.calibrate !== undefined;
  // With --json, standard output has the figures of the calibration and nothing else.
  const shown = calibrates && values.json ? { ...context, stdout: context.stderr } : context;
  await reportRun(
    {
      experiment,
      verdict,
      gated: gate.gated,
      baseline: gate.baseline,
      folder,
      dataset: plan.dataset,
      json: values.json && !calibrates,
      comment: values.comment,
    },
    shown,
  );
  if (calibrates) {
    const { reportCalibration } = await import('./eval-calibration.ts');
    reportCalibration({ experiment, policy: plan.policy, json: values.json }, context);
  }
  const { shard } = plan.head;
  if (shard !== undefined)
    context.stderr.write(
      `Shard ${shard.index} of ${shard.of} is measured. Gate all of them together: sluice eval merge <their run folders>\n`,
    );
  return gate.gated ? exitOf(verdict) : EXIT.pass;
}

async function openCache({ head }: EvalPlan, { env, cwd, clock }: CommandContext) {
  const { openAnswerCache } = await import('../../evals/runner/index.ts');
  return openAnswerCache({ home: sluiceHome(env, cwd), cwd, target: head.target, clock });
}

async function chooseFolder(head: ExperimentHead, fresh: boolean, context: CommandContext): Promise<string> {
  const home = sluiceHome(context.env, context.cwd);
  const unfinished = fresh ? undefined : await findResumable({ home, head, logger: context.logger });
  return unfinished ?? runFolder(home, head.runId);
}
