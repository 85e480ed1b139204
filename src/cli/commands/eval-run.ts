import { basename, resolve } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { EXIT, type ExitCode, runFolder, sluiceHome, UsageError } from '../../core/index.ts';
import { baselineScores, readBaseline } from '../../evals/baseline/index.ts';
import { loadConfig, type Suite, selectSuite, suiteEvaluators } from '../../evals/config/index.ts';
import { datasetFingerprint, loadDataset, selectSplit } from '../../evals/datasets/index.ts';
import type { Evaluator } from '../../evals/evaluator.ts';
import type { Example } from '../../evals/example.ts';
import {
  type EvaluatorInfo,
  EXPERIMENT_SCHEMA_VERSION,
  type Experiment,
  type ExperimentHead,
} from '../../evals/experiment.ts';
import { type GatePolicy, gate, toScoreSet, type VerdictStatus } from '../../evals/gate/index.ts';
import {
  acquireRunLock,
  findResumable,
  type RunLock,
  type RunProgress,
  runExperiment,
} from '../../evals/runner/index.ts';
import { createTarget, type Target } from '../../evals/targets/index.ts';
import type { CommandContext } from '../command.ts';
import { createProgress } from '../progress.ts';
import type { EvalValues } from './eval.ts';
import { readCommit } from './eval-commit.ts';
import { reportRun } from './eval-report.ts';

const EXIT_OF: Readonly<Record<VerdictStatus, ExitCode>> = {
  pass: EXIT.pass,
  fail: EXIT.gateFailed,
  no_verdict: EXIT.noVerdict,
};

/** Runs a suite, compares it with its baseline and reports; the exit code is the verdict. */
export async function runEval(values: EvalValues, context: CommandContext): Promise<ExitCode> {
  checkFlags(values);
  const plan = await planRun(values, context);
  // Read before the run: a damaged baseline must not cost a whole run to be found.
  const baseline = values.noGate ? undefined : await readBaseline(context.cwd, plan.suite.name);
  const folder = await chooseFolder(plan.head, values.fresh, context);
  const { cwd, env, clock } = context;
  const target = await createTarget(plan.head.target, { cwd, env, clock });
  let lock: RunLock | undefined;
  try {
    // Until the results are written, a run looks unfinished to the next one.
    lock = await acquireRunLock(folder);
    const experiment = await execute({ ...plan, folder, target, lock }, context);
    const verdict = gate({
      candidate: toScoreSet(experiment),
      baseline: baseline && baselineScores(baseline),
      policy: plan.policy,
      suite: plan.suite.name,
    });
    await reportRun({ experiment, verdict, gated: !values.noGate, folder, json: values.json }, context);
    return values.noGate ? EXIT.pass : EXIT_OF[verdict.status];
  } finally {
    await target.close();
    await lock?.release();
  }
}

function checkFlags({ threshold, timeout }: EvalValues): void {
  if (threshold !== undefined && (threshold <= 0 || threshold >= 1))
    throw new UsageError('FLAG_INVALID', `--threshold must be between 0 and 1, not ${threshold}.`, {
      hint: '0.05 allows a drop of 5%.',
    });
  if (timeout !== undefined && timeout < 1)
    throw new UsageError('FLAG_INVALID', '--timeout must be at least 1ms.');
}

interface RunPlan {
  /** With flags and environment applied. */
  readonly suite: Suite;
  readonly head: ExperimentHead;
  readonly examples: readonly Example[];
  readonly evaluators: readonly Evaluator[];
  readonly policy: GatePolicy;
}

/** Resolves what is run: flag over environment over configuration over default. */
async function planRun(values: EvalValues, { cwd, env, clock }: CommandContext): Promise<RunPlan> {
  const config = await loadConfig({ cwd, path: values.config });
  const configured = selectSuite(config, values.suite);
  const suite: Suite = {
    ...configured,
    target: values.target ?? (env['SLUICE_TARGET'] || configured.target),
    split: values.split ?? configured.split,
    repeats: values.repeats ?? configured.repeats,
    concurrency: values.concurrency ?? configured.concurrency,
    timeoutMs: values.timeout ?? configured.timeoutMs,
  };
  if (suite.target === undefined)
    throw new UsageError('TARGET_MISSING', `${config.file}: suite ${suite.name} has no target.`, {
      hint: 'Add one to the suite, set SLUICE_TARGET, or give --target langserve:http://127.0.0.1:8000/agent',
    });
  const evaluators = suiteEvaluators(suite, config.file);
  const dataset = await loadDataset(resolve(cwd, suite.dataset));
  const examples = selectSplit(dataset.examples, suite.split);
  const commit = await readCommit(cwd, sluiceHome(env, cwd));
  const startedMs = clock.now();
  return {
    suite,
    examples,
    evaluators,
    policy: policyOf(suite, values.threshold),
    head: {
      schemaVersion: EXPERIMENT_SCHEMA_VERSION,
      runId: uuidv7({ msecs: startedMs }),
      suite: suite.name,
      dataset: suite.dataset,
      datasetFingerprint: datasetFingerprint(examples),
      ...(suite.split === undefined ? {} : { split: suite.split }),
      target: suite.target,
      repeats: suite.repeats,
      timeoutMs: suite.timeoutMs,
      evaluators: evaluators.map(toInfo),
      ...(commit === undefined ? {} : { commit }),
      startedAt: new Date(startedMs).toISOString(),
    },
  };
}

function toInfo({ key, direction, range, gate: gated, fingerprint }: Evaluator): EvaluatorInfo {
  return { key, direction, range: [range[0], range[1]], gate: gated, fingerprint };
}

/** A threshold on the command line is for every evaluator, those with one of their own included. */
function policyOf({ gate: configured }: Suite, threshold: number | undefined): GatePolicy {
  if (threshold === undefined) return configured;
  const evaluators = Object.entries(configured.evaluators).map(
    ([key, policy]) => [key, { ...policy, threshold: undefined }] as const,
  );
  return { ...configured, threshold, evaluators: Object.fromEntries(evaluators) };
}

async function chooseFolder(head: ExperimentHead, fresh: boolean, context: CommandContext): Promise<string> {
  const home = sluiceHome(context.env, context.cwd);
  const unfinished = fresh ? undefined : await findResumable({ home, head, logger: context.logger });
  return unfinished ?? runFolder(home, head.runId);
}

interface Execution extends RunPlan {
  readonly folder: string;
  readonly target: Target;
  readonly lock: RunLock;
}

async function execute(execution: Execution, context: CommandContext): Promise<Experiment> {
  const { suite, folder, examples, evaluators, target, lock } = execution;
  const { clock, signal, stderr } = context;
  const head = { ...execution.head, runId: basename(folder) };
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
      clock,
      random: Math.random,
      signal,
      onProgress: (reported) => {
        if (state === undefined) stderr.write(opening(head, reported));
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
    // Its traces are written before a report names them.
    await target.close();
  }
}

function opening(head: ExperimentHead, { done, total, resumed }: RunProgress): string {
  if (resumed > 0) return `Resuming run ${head.runId}: ${done} of ${total} finished (--fresh starts over).\n`;
  return `Run ${head.runId}: ${total} call${total === 1 ? '' : 's'} to ${head.target}\n`;
}

function noteOf({ agentFailed, notMeasured }: RunProgress): string {
  return [
    ...(agentFailed > 0 ? [`${agentFailed} agent failure${agentFailed === 1 ? '' : 's'}`] : []),
    ...(notMeasured > 0 ? [`${notMeasured} not measured`] : []),
  ].join(', ');
}
