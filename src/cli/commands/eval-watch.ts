import { relative, resolve } from 'node:path';
import { EXIT, type ExitCode, sluiceHome, UsageError } from '../../core/index.ts';
import { loadConfig, type Suite, selectSuite } from '../../evals/config/index.ts';
import { gate, toScoreSet } from '../../evals/gate/index.ts';
import { type Results, readResults } from '../../evals/reports/index.ts';
import { parseModuleRef, sourceFiles } from '../../loading/index.ts';
import type { CommandContext } from '../command.ts';
import { watchFiles } from '../file-watch.ts';
import type { EvalValues } from './eval.ts';
import { startEval } from './eval-child.ts';
import { renderWatchChanges } from './eval-watch-view.ts';

/**
 * Runs the suite now and after every change of the configuration, the dataset or the graph, and says what changed against
 * the run before. Each run is a process of its own: a module that was loaded stays as it was in the one that loaded it.
 * Ends with Ctrl-C and 0: nothing is gated.
 */
export async function watchEval(values: EvalValues, context: CommandContext): Promise<ExitCode> {
  refuseOthers(values, context.env);
  const config = await loadConfig({ cwd: context.cwd, path: values.config });
  const suite = selectSuite(config, values.suite);
  const configFile = resolve(context.cwd, config.file);
  let previous: Results | undefined;
  for (;;) {
    const files = await filesOf(suite, { values, configFile, latest: previous }, context);
    const watching = await watchFiles(files, context);
    try {
      const run = startEval({ ...values, suite: suite.name }, context);
      let changed = await Promise.race([watching.changed, run.ended.then(() => undefined)]);
      if (changed === undefined) {
        const results = await resultsOf((await run.ended).runId, context);
        if (results !== undefined) {
          if (previous !== undefined) context.stdout.write(changes(previous, results, suite, context));
          previous = results;
        }
        context.stdout.write(`Watching ${files.length} files. Ctrl-C ends.\n`);
        changed = await watching.changed;
      } else {
        await run.stop();
      }
      context.stdout.write(`\nChanged: ${changed.map((path) => relative(context.cwd, path)).join(', ')}\n`);
    } catch (thrown) {
      if (!context.signal.aborted) throw thrown;
      return EXIT.pass;
    } finally {
      watching.close();
    }
  }
}

function refuseOthers(values: EvalValues, env: CommandContext['env']): void {
  const { shard, calibrate, json } = values;
  const others = { shard, calibrate, json: json || undefined };
  const given = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  if (given.length > 0)
    throw new UsageError('FLAG_CONFLICT', `--watch cannot be given with ${given.join(' and ')}.`);
  if (env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false')
    throw new UsageError('WATCH_IN_CI', '--watch is for local work: in CI nobody would end it.', {
      hint: 'Leave --watch out, or unset CI.',
    });
}

interface Watched {
  readonly values: EvalValues;
  readonly configFile: string;
  /** What the configuration says may have changed since it was loaded here: the newest run knows. */
  readonly latest: Results | undefined;
}

async function filesOf(
  suite: Suite,
  { values, configFile, latest }: Watched,
  { cwd, env }: CommandContext,
): Promise<readonly string[]> {
  const target = latest?.head.target ?? values.target ?? (env['SLUICE_TARGET'] || suite.target);
  const files = new Set(await sourceFiles(configFile));
  files.add(resolve(cwd, latest?.head.dataset ?? suite.dataset));
  if (target?.startsWith('graph:') === true) {
    const { file } = parseModuleRef(target.slice('graph:'.length).trim());
    for (const path of await sourceFiles(resolve(cwd, file))) files.add(path);
  }
  return [...files];
}

async function resultsOf(runId: string | undefined, { env, cwd }: CommandContext) {
  return runId === undefined ? undefined : readResults(sluiceHome(env, cwd), runId);
}

/** Evaluators that changed are compared all the same: that is what is being worked on. */
function changes(before: Results, after: Results, suite: Suite, context: CommandContext): string {
  const keys = after.head.evaluators.map(({ key }) => key);
  const verdict = gate({
    candidate: toScoreSet(after),
    baseline: toScoreSet(before),
    policy: { ...suite.gate, rerun: 'off', allowChanged: keys },
    suite: suite.name,
  });
  return renderWatchChanges(verdict, context.stdout);
}
