import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import {
  EXIT,
  type ExitCode,
  errorMessage,
  NoVerdictError,
  runFolder,
  sluiceHome,
  UsageError,
} from '../../core/index.ts';
import { loadConfig, selectSuite } from '../../evals/config/index.ts';
import { RESULTS_FILE, readResultsFile } from '../../evals/reports/index.ts';
import { mergeJournals, mergeShards, type ShardRun } from '../../evals/runner/index.ts';
import type { CommandContext } from '../command.ts';
import { evalGate, exitOf } from './eval-gate.ts';
import type { EvalMergeValues } from './eval-merge.ts';
import { policyOf } from './eval-plan.ts';
import { reportRun } from './eval-report.ts';

/** Puts the shards of a run together, gates the whole and reports it as a run of its own. */
export async function runEvalMerge(values: EvalMergeValues, context: CommandContext): Promise<ExitCode> {
  const { cwd, env, clock, logger } = context;
  const folders = await shardFolders(values, cwd);
  const shards: ShardRun[] = [];
  for (const folder of folders) shards.push(await readShard(folder, cwd));
  const experiment = mergeShards(shards, uuidv7({ msecs: clock.now() }));
  const { head } = experiment;
  const config = await loadConfig({ cwd, path: values.config });
  const suite = selectSuite(config, head.suite);
  // The shards have been measured: nobody is there to be asked again.
  const policy = policyOf(suite, { ...values, rerun: 'off' }, head.evaluators);
  const gate = await evalGate({ head, policy, suite }, values, context);
  warnOfTargets(shards, context);

  const folder = runFolder(sluiceHome(env, cwd), head.runId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const without = await mergeJournals(folders, { folder, head });
  if (without.length > 0)
    logger.warn(
      `${without.map((each) => shownPath(each, cwd)).join(', ')}: no journal.jsonl, so that the report cannot show answers. Upload the whole run folder.`,
    );
  const verdict = gate.verdictOf(experiment);
  const { gated, baseline } = gate;
  const { json, comment } = values;
  await reportRun({ experiment, verdict, gated, baseline, folder, json, comment }, context);
  if (gate.gated && verdict.label === 'fail_unconfirmed')
    context.stderr.write(
      'Merged shards are gated without extra rounds: an unsharded run measures again before it says so.\n',
    );
  return gate.gated ? exitOf(verdict) : EXIT.pass;
}

async function shardFolders({ folders, from }: EvalMergeValues, cwd: string): Promise<readonly string[]> {
  if (folders.length > 0 && from !== undefined)
    throw new UsageError('FLAG_CONFLICT', 'Name run folders or give --from, not both.');
  if (from === undefined) return folders.map((folder) => resolve(cwd, folder));
  try {
    const entries = await readdir(resolve(cwd, from), { recursive: true, withFileTypes: true });
    const results = entries.filter((entry) => entry.isFile() && entry.name === RESULTS_FILE);
    const found = results.map((entry) => entry.parentPath).sort();
    if (found.length > 0) return found;
  } catch (error) {
    throw new UsageError('SHARDS_UNREADABLE', `--from ${from}: ${errorMessage(error)}`, { cause: error });
  }
  throw new NoVerdictError(
    'SHARD_MISSING',
    `There is no finished run below ${from}: every shard is missing.`,
    {
      hint: 'Upload the run folders of all shards, also of jobs that failed, and download them there.',
    },
  );
}

async function readShard(folder: string, cwd: string): Promise<ShardRun> {
  const name = shownPath(folder, cwd);
  const results = await readResultsFile(join(folder, RESULTS_FILE));
  if (results !== undefined) return { ...results, name };
  throw new NoVerdictError(
    'SHARD_UNFINISHED',
    `${name} has no ${RESULTS_FILE}: that shard is not finished.`,
    {
      hint: 'Run it again with the same flags: it resumes where it stopped.',
    },
  );
}

function warnOfTargets(shards: readonly ShardRun[], { logger }: CommandContext): void {
  const targets = [...new Set(shards.map(({ head }) => head.target))];
  if (targets.length > 1)
    logger.warn(`The shards called different targets, which must be the same agent: ${targets.join(', ')}.`);
}

function shownPath(folder: string, cwd: string): string {
  const shown = relative(cwd, folder);
  return shown.startsWith('..') ? folder : shown || dirname(folder);
}
