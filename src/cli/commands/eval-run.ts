import { join } from 'node:path';
import { EXIT, type ExitCode, runFolder, sluiceHome, UsageError } from '../../core/index.ts';
import type { Experiment, ExperimentHead } from '../../evals/experiment.ts';
import { RESULTS_FILE } from '../../evals/reports/index.ts';
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
  if (values.pairedTarget !== undefined) {
    const baseline = await measurePair(values, context);
    return runEval({ ...values, pairedTarget: undefined, baseline }, context);
  }
  const plan = await planEval(values, context);
  try {
    if (plan.examples.size * plan.head.repeats >= THRIFTY_FROM_CALLS) keepHeapSmall();
    // Before the run: a damaged baseline must not cost a whole run to be found.
    const gate = await evalGate(plan, values, context);
    return (await runPlan({ plan, gate, values }, context)).exitCode;
  } finally {
    plan.dataset.close();
  }
}

/** Measures the target that the run is compared with. Returns the path of its results. */
async function measurePair(values: EvalValues, context: CommandContext): Promise<string> {
  const { pairedTarget, noGate, shard, calibrate, baseline, cache } = values;
  const others = { baseline, shard, calibrate, noGate: noGate || undefined, cache: cache || undefined };
  const [other] = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (other !== undefined) {
    const flag = other === 'noGate' ? 'no-gate' : other;
    throw new UsageError('FLAG_CONFLICT', `--paired-target and --${flag} cannot be given together.`);
  }
  const base: EvalValues = {
    ...values,
    target: pairedTarget,
    pairedTarget: undefined,
    noGate: true,
    json: false,
    comment: false,
  };
  const plan = await planEval(base, context);
  try {
    context.stderr.write(`Measuring ${plan.head.target} first, to compare with.\n`);
    const gate = await evalGate(plan, base, context);
    // Standard output is for the run that is gated.
    const { folder } = await runPlan({ plan, gate, values: base }, { ...context, stdout: context.stderr });
    return join(folder, RESULTS_FILE);
  } finally {
    plan.dataset.close();
  }
}

interface GatedPlan {
  readonly plan: EvalPlan;
  readonly gate: EvalGate;
  readonly values: EvalValues;
}

async function runPlan(
  { plan, gate, values }: GatedPlan,
  context: CommandContext,
): Promise<{ readonly exitCode: ExitCode; readonly folder: string }> {
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
    return { folder, exitCode: await report({ plan, gate, values }, { experiment, folder }, context) };
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
