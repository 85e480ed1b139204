import { EXIT, type ExitCode, NoVerdictError, sluiceHome, type Trace, UsageError } from '../../core/index.ts';
import { createTarget } from '../../evals/index.ts';
import { loadGraph } from '../../loading/index.ts';
import { DEFAULT_REPLAY_TIMEOUT_MS, type ReplayResult, replayTrace } from '../../replay/index.ts';
import { shutdown } from '../../tracing/index.ts';
import type { CommandContext } from '../command.ts';
import { renderReplay } from '../replay-view.ts';
import { safeJson } from '../trace-view/index.ts';
import type { ReplayValues } from './replay.ts';
import { findStoredTrace } from './stored-trace.ts';

/**
 * Replays one recorded run and prints what changed.
 *
 * @throws UsageError for a wrong use of the flags; NoVerdictError when it cannot be replayed, an unknown trace included.
 */
export async function runReplay(values: ReplayValues, context: CommandContext): Promise<ExitCode> {
  const { graph, target } = values;
  const spec = target ?? graph;
  if (spec === undefined || (graph !== undefined && target !== undefined)) {
    throw new UsageError(
      'REPLAY_WHERE',
      spec === undefined
        ? 'sluice replay needs --graph or --target: what to run it on.'
        : '--graph and --target exclude each other.',
      { hint: 'For example: sluice replay <trace-id> --graph ./src/agent.ts#graph' },
    );
  }
  const { env, cwd, clock, signal, stdout } = context;
  const trace = await recordedTrace(values.traceId, context);
  const on =
    target === undefined ? await loadGraph(spec, { cwd }) : await createTarget(target, { cwd, env, clock });
  try {
    const result = await replayTrace({
      trace,
      on,
      home: sluiceHome(env, cwd),
      configurable: configurableOf(values.configurable),
      timeoutMs: values.timeout ?? DEFAULT_REPLAY_TIMEOUT_MS,
      signal,
      clock,
    });
    stdout.write(
      values.json
        ? `${safeJson({ traceId: trace.id, on: spec, ...result })}\n`
        : renderReplay(result, { traceId: trace.id, on: spec, color: stdout.color }),
    );
    return exitCodeOf(result);
  } finally {
    if ('close' in on) await on.close();
    await shutdown();
  }
}

/** Without the record there is nothing to replay, which is an answer of its own and no wrong use. */
async function recordedTrace(id: string, context: CommandContext): Promise<Trace> {
  try {
    return await findStoredTrace(id, context);
  } catch (thrown) {
    if (!(thrown instanceof UsageError) || thrown.code !== 'TRACE_NOT_FOUND') throw thrown;
    throw new NoVerdictError(thrown.code, thrown.message, { hint: thrown.hint, cause: thrown });
  }
}

/** `key=value` pairs; a value that is a JSON number, true or false is one, anything else is text. */
function configurableOf(pairs: readonly string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const pair of pairs) {
    const [, key, text] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (key === undefined || text === undefined) {
      throw new UsageError('FLAG_INVALID', `--configurable takes key=value, not ${JSON.stringify(pair)}.`);
    }
    values[key] = /^(-?(0|[1-9]\d*)(\.\d+)?|true|false)$/.test(text) ? JSON.parse(text) : text;
  }
  return values;
}

function exitCodeOf({ verdict }: ReplayResult): ExitCode {
  return verdict === 'fixed' || verdict === 'same' ? EXIT.pass : EXIT.gateFailed;
}
