import { extname, relative, resolve } from 'node:path';
import {
  EXIT,
  type ExitCode,
  NoVerdictError,
  rootSpan,
  SluiceError,
  sluiceHome,
  type Trace,
  traceStorePath,
} from '../../core/index.ts';
import { loadGraph } from '../../loading/index.ts';
import {
  cassetteOf,
  DEFAULT_CASSETTE_FOLDER,
  DEFAULT_REPLAY_TIMEOUT_MS,
  type FoundTrace,
  openTraceSource,
  type ReplayableGraph,
  type ReplayResult,
  type ReplayTarget,
  replayTrace,
  saveCassette,
  type TraceSource,
} from '../../replay/index.ts';
import { DEFAULT_LIST_LIMIT } from '../../store/index.ts';
import { shutdown } from '../../tracing/index.ts';
import type { CommandContext } from '../command.ts';
import { type BatchRow, isGood, renderBatch, renderReplay } from '../replay-view/index.ts';
import { plainLine, safeJson } from '../trace-view/index.ts';
import { writePrivateLines } from './private-file.ts';
import type { ReplayValues } from './replay.ts';
import { confirmLiveTools, planReplay, type ReplayPlan } from './replay-plan.ts';
import { filterQuery } from './trace-filter.ts';

/**
 * Replays one recorded run, or all that match, and prints what changed.
 *
 * @throws UsageError for a wrong use of the flags; NoVerdictError when it cannot be replayed, an unknown trace included.
 */
export async function runReplay(values: ReplayValues, context: CommandContext): Promise<ExitCode> {
  const plan = planReplay(values);
  const { env, cwd, clock, logger } = context;
  const source = await openTraceSource(values.from, traceStorePath(sluiceHome(env, cwd)), {
    env,
    cwd,
    clock,
    logger,
  });
  const found = plan.traceId === undefined ? undefined : await source.find(plan.traceId, context);
  // What the record lacks is said before anything is loaded or run.
  if (found !== undefined) announce(found, context);
  await confirmLiveTools(plan, values, context);
  const on =
    plan.kind === 'graph'
      ? await loadGraph(plan.spec, { cwd })
      : await (await import('../../evals/index.ts')).createTarget(plan.spec, { cwd, env, clock });
  try {
    const baseline = values.baseline === undefined ? undefined : await loadGraph(values.baseline, { cwd });
    const lanes = { on, baseline };
    return found === undefined
      ? await replayAll(source, lanes, plan, values, context)
      : await replayOne(found.trace, lanes, plan, values, context);
  } finally {
    if ('close' in on) await on.close();
    await shutdown();
  }
}

interface Lanes {
  readonly on: ReplayableGraph | ReplayTarget;
  readonly baseline: ReplayableGraph | undefined;
}

async function replayOne(
  trace: Trace,
  lanes: Lanes,
  plan: ReplayPlan,
  values: ReplayValues,
  context: CommandContext,
): Promise<ExitCode> {
  const result = await replay(trace, lanes, plan, values, context);
  const { stdout, stderr, cwd } = context;
  const facts = { traceId: trace.id, on: plan.spec, baseline: values.baseline };
  stdout.write(
    values.json
      ? `${safeJson(jsonOf(trace.id, plan.spec, result))}\n`
      : renderReplay(result, { ...facts, color: stdout.color, columns: stdout.columns }),
  );
  // What a replay on a graph does not need is loaded when it is asked for: its first node starts sooner.
  if (values.html !== undefined) {
    const { renderReplayPage } = await import('../replay-page/index.ts');
    await writePrivateLines(resolve(cwd, values.html), once(renderReplayPage(result, facts)), {
      overwrite: true,
    });
    stderr.write(`Wrote ${values.html}.\n`);
  }
  if (values.saveExample !== undefined) {
    const { saveExample } = await import('./replay-example.ts');
    const id = await saveExample(trace, result, { dataset: values.saveExample, splits: values.split, cwd });
    stderr.write(
      `Added example ${id} to ${values.saveExample}. Look over its outputs before you rely on it.\n`,
    );
  }
  return exitCodeOf(result);
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

/** One at a time: the graphs share what their modules hold, and a failure of one says nothing about the next. */
async function replayAll(
  source: TraceSource,
  lanes: Lanes,
  plan: ReplayPlan,
  values: ReplayValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { stdout, stderr, clock, signal } = context;
  if (source.list === undefined) {
    throw new NoVerdictError('SOURCE_NO_LIST', `${source.spec} can be asked for single runs only.`, {
      hint: 'Give the id of a run, or leave --from out to choose from the embedded store.',
    });
  }
  const ids = await source.list(filterQuery(values, clock.now()), { signal });
  const limit = values.limit ?? DEFAULT_LIST_LIMIT;
  const rows: BatchRow[] = [];
  let left = 0;
  for (const id of ids) {
    signal.throwIfAborted();
    if (rows.length >= limit) {
      left += 1;
      continue;
    }
    const row = await replayRow(id, source, lanes, plan, values, context);
    if (row === undefined) continue;
    rows.push(row);
    stderr.write(
      `${rows.length}. ${plainLine(id)} ${row.kind === 'replayed' ? row.result.verdict : 'not replayed'}\n`,
    );
  }
  if (rows.length === 0) {
    throw new NoVerdictError('REPLAY_NO_RUNS', `No recorded run in ${source.spec} matches.`, {
      hint: 'Widen the choice: see what is there with sluice traces list. Replays themselves are left out.',
    });
  }
  stdout.write(
    values.json
      ? `${safeJson(rows.map((row) => (row.kind === 'replayed' ? jsonOf(row.traceId, plan.spec, row.result) : row)))}\n`
      : renderBatch(rows, { on: plan.spec, color: stdout.color }),
  );
  if (left > 0) stderr.write(`${left} more match; --limit replays more.\n`);
  const codes = rows.map((row) => (row.kind === 'replayed' ? exitCodeOf(row.result) : EXIT.noVerdict));
  // That one still fails is certain; that another could not be replayed may still turn out either way.
  return ([EXIT.gateFailed, EXIT.noVerdict] as const).find((code) => codes.includes(code)) ?? EXIT.pass;
}

/** Undefined for a run that is itself a replay. */
async function replayRow(
  id: string,
  source: TraceSource,
  lanes: Lanes,
  plan: ReplayPlan,
  values: ReplayValues,
  context: CommandContext,
): Promise<BatchRow | undefined> {
  let recorded = '?';
  try {
    const { trace } = await source.find(id, context);
    if (rootSpan(trace).metadata['sluice_replay_of'] !== undefined) return undefined;
    recorded = trace.error === undefined ? trace.outcome : `${trace.error.name}: ${trace.error.message}`;
    const result = await replay(trace, lanes, plan, values, context);
    return { kind: 'replayed', traceId: id, recorded, result };
  } catch (thrown) {
    context.signal.throwIfAborted();
    // A run that cannot be replayed is a row of the table; a wrong flag or a defect ends the batch.
    if (!(thrown instanceof SluiceError) || thrown.exitCode !== EXIT.noVerdict) throw thrown;
    return { kind: 'refused', traceId: id, recorded, code: thrown.code, reason: thrown.message };
  }
}

async function replay(
  trace: Trace,
  lanes: Lanes,
  plan: ReplayPlan,
  values: ReplayValues,
  context: CommandContext,
): Promise<ReplayResult> {
  const result = await play(trace, lanes, plan, values, context);
  if (values.saveCassette) {
    const { configurable } = plan;
    const cassette = cassetteOf(trace, { savedAtMs: context.clock.now(), configurable });
    const path = resolve(context.cwd, values.cassettes ?? DEFAULT_CASSETTE_FOLDER);
    // The default is a folder also before it is there; a name without an ending is meant as one.
    const isFolder = values.cassettes === undefined || extname(path) === '';
    const file = await saveCassette(cassette, isFolder ? `${path}/` : path);
    context.stderr.write(`Wrote ${relative(context.cwd, file)}.\n`);
  }
  return result;
}

async function play(
  trace: Trace,
  { on, baseline }: Lanes,
  plan: ReplayPlan,
  values: ReplayValues,
  { env, cwd, signal, clock }: CommandContext,
): Promise<ReplayResult> {
  return await replayTrace({
    trace,
    on,
    home: sluiceHome(env, cwd),
    mode: plan.mode,
    models: plan.models,
    tools: plan.tools,
    onMiss: plan.onMiss,
    allowHosts: values.allowHost,
    allowTools: values.allowTool,
    configurable: plan.configurable,
    ...(baseline === undefined ? {} : { baseline }),
    ...(values.checkpointer === undefined ? {} : { checkpointer: values.checkpointer }),
    env,
    timeoutMs: values.timeout ?? DEFAULT_REPLAY_TIMEOUT_MS,
    signal,
    clock,
  });
}

function announce({ lacks }: FoundTrace, { stderr }: CommandContext): void {
  for (const lack of lacks) stderr.write(`note: ${plainLine(lack)}\n`);
}

/** The trace of the replay has an id to be looked up by; printed whole it would bury the comparison. */
function jsonOf(traceId: string, on: string, { trace: _trace, ...result }: ReplayResult) {
  return { traceId, on, ...result };
}

function exitCodeOf({ verdict }: ReplayResult): ExitCode {
  if (isGood(verdict)) return EXIT.pass;
  return verdict === 'stopped' || verdict === 'unproven' ? EXIT.noVerdict : EXIT.gateFailed;
}
