import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  errorMessage,
  hasErrorCode,
  isRecord,
  SluiceError,
  sluiceHome,
  traceStorePath,
} from '../../core/index.ts';
import { loadConfig } from '../../evals/index.ts';
import { openTraceStore } from '../../store/index.ts';
import {
  canUseDirectCallbacks,
  type ResolvedTraceOptions,
  resolveTraceOptions,
} from '../../tracing/internal.ts';
import type { CommandContext } from '../command.ts';
import { formatCount, plainLine } from '../trace-view/index.ts';
import { waitingNote } from './waiting-traces.ts';

/** What one look has shown. */
export interface Check {
  readonly name: string;
  /** `warn`: it works, and probably not as it was meant. */
  readonly status: 'ok' | 'warn' | 'fail';
  /** One line. Never a key. */
  readonly says: string;
  /** Whether what failed is another machine, and not a setting of this one. */
  readonly isRemote: boolean;
}

const MIN_NODE = [22, 15] as const;
const REACH_TIMEOUT_MS = 3_000;
/** Switches of LangSmith's own tracer. */
const SWITCHES = ['LANGSMITH_TRACING', 'LANGSMITH_TRACING_V2', 'LANGCHAIN_TRACING', 'LANGCHAIN_TRACING_V2'];

/** Looks at everything a run depends on. Changes nothing, and waits for an address for 3 seconds at most. */
export async function runChecks(
  context: CommandContext,
  deps: { readonly fetch: typeof fetch },
): Promise<readonly Check[]> {
  const { resolved, check: tracing } = tracingCheck(context);
  const home = sluiceHome(context.env, context.cwd);
  return [
    nodeCheck(process.versions.node),
    langChainCheck(canUseDirectCallbacks()),
    tracing,
    await suitesCheck(context),
    await homeCheck(home),
    await storeCheck(home, context),
    ...(resolved === undefined
      ? []
      : await Promise.all([
          langSmithCheck(resolved, context, deps.fetch),
          otlpCheck(resolved, context, deps.fetch),
        ])),
  ];
}

function result(name: string, status: Check['status'], says: string, isRemote = false): Check {
  return { name, status, says: plainLine(says), isRemote };
}

/** Whether a version of Node is one that is supported. */
export function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isSupported = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  return isSupported
    ? result('node', 'ok', version)
    : result('node', 'fail', `${version} is too old: ${MIN_NODE.join('.')} or newer is needed.`);
}

/** Whether tracing costs as little as it can with the installed version of LangChain. */
export function langChainCheck(isDirect: boolean): Check {
  return isDirect
    ? result('langchain', 'ok', 'the callbacks of traced graphs are called directly.')
    : result(
        'langchain',
        'warn',
        'this version of @langchain/core is newer than this Sluicegate: tracing works and costs about twice as much.',
      );
}

function tracingCheck({ env, cwd }: CommandContext): {
  readonly check: Check;
  readonly resolved?: ResolvedTraceOptions;
} {
  try {
    const resolved = resolveTraceOptions({}, env, cwd);
    const says = `sample rate ${resolved.sampleRate}; hidden: ${hidden(resolved)}`;
    return resolved.enabled
      ? { resolved, check: result('tracing', 'ok', says) }
      : {
          resolved,
          check: result('tracing', 'warn', 'switched off by SLUICE_TRACING: nothing is recorded.'),
        };
  } catch (thrown) {
    return { check: failure('tracing', thrown) };
  }
}

function hidden({ hideInputs, hideOutputs, hideMetadata }: ResolvedTraceOptions): string {
  const on = Object.entries({ inputs: hideInputs, outputs: hideOutputs, metadata: hideMetadata });
  return on.flatMap(([name, rule]) => (rule === false ? [] : [name])).join(', ') || 'nothing';
}

async function suitesCheck({ cwd }: CommandContext): Promise<Check> {
  try {
    const { file, suites } = await loadConfig({ cwd });
    return result('configuration', 'ok', `${file}, ${formatCount(Object.keys(suites).length, 'suite')}`);
  } catch (thrown) {
    if (thrown instanceof SluiceError && thrown.code === 'CONFIG_MISSING') {
      return result('configuration', 'ok', 'no sluice.config file here; sluice eval needs one.');
    }
    return failure('configuration', thrown);
  }
}

async function homeCheck(home: string): Promise<Check> {
  try {
    const { path, isHome } = await nearest(home);
    const facts = await stat(path);
    if (!facts.isDirectory()) return result('home', 'fail', `${path} is no folder.`);
    await access(path, constants.W_OK | constants.X_OK);
    if (!isHome) return result('home', 'ok', `${home} will be made.`);
    return process.platform !== 'win32' && (facts.mode & 0o077) !== 0
      ? result('home', 'warn', `${home} can be entered by other users: chmod 700 it.`)
      : result('home', 'ok', home);
  } catch (thrown) {
    return failure('home', thrown);
  }
}

/** The folder, or the nearest one above it that is there. */
async function nearest(path: string, isHome = true): Promise<{ path: string; isHome: boolean }> {
  try {
    await stat(path);
    return { path, isHome };
  } catch (thrown) {
    if (!hasErrorCode(thrown, 'ENOENT') || dirname(path) === path) throw thrown;
    return nearest(dirname(path), false);
  }
}

async function storeCheck(home: string, { logger, clock }: CommandContext): Promise<Check> {
  const path = traceStorePath(home);
  try {
    const store = await openTraceStore({
      path,
      readOnly: true,
      busyTimeoutMs: REACH_TIMEOUT_MS,
      logger,
      clock,
    });
    const found = await store.list({ limit: 1 }).finally(() => store.close());
    const state = (await waitingNote(home)) ?? (found.length === 0 ? 'no traces yet' : undefined);
    return result('store', 'ok', state === undefined ? path : `${path}, ${state}`);
  } catch (thrown) {
    return failure('store', thrown);
  }
}

async function langSmithCheck(
  { langsmith }: ResolvedTraceOptions,
  context: CommandContext,
  fetcher: typeof fetch,
): Promise<Check> {
  if (langsmith === undefined) {
    const on = SWITCHES.find((name) => /^(true|1)$/i.test(context.env[name]?.trim() ?? ''));
    return on === undefined
      ? result('langsmith', 'ok', 'off')
      : result('langsmith', 'warn', `${on} is on without LANGSMITH_API_KEY: nothing is sent.`);
  }
  return reach('langsmith', `${langsmith.endpoint}/info`, context, fetcher, ({ status }) =>
    status >= 200 && status < 300 ? undefined : `answered /info with ${status}`,
  );
}

async function otlpCheck(
  { otlp }: ResolvedTraceOptions,
  context: CommandContext,
  fetcher: typeof fetch,
): Promise<Check> {
  const { env } = context;
  const endpoint =
    env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']?.trim() || env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim();
  if (!otlp.enabled || !endpoint) return result('otlp', 'ok', 'off');
  // Collectors take POST alone: whatever they answer to this, they are there. The path and query may hold a key.
  return reach('otlp', new URL(endpoint).origin, context, fetcher, () => undefined);
}

/** @param complaint What is wrong with an answer, if anything. */
async function reach(
  name: string,
  url: string,
  { signal }: CommandContext,
  fetcher: typeof fetch,
  complaint: (answer: Response) => string | undefined,
): Promise<Check> {
  const { origin } = new URL(url);
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(REACH_TIMEOUT_MS)]);
    const answer = await fetcher(url, { redirect: 'manual', signal: limit });
    await answer.body?.cancel();
    const wrong = complaint(answer);
    return wrong === undefined
      ? result(name, 'ok', `${origin} answers`)
      : result(name, 'fail', `${origin} ${wrong}.`, true);
  } catch (thrown) {
    signal.throwIfAborted();
    return result(name, 'fail', `${origin} does not answer: ${connectionProblem(thrown)}.`, true);
  }
}

function connectionProblem(thrown: unknown): string {
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'no answer within 3 seconds';
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return isRecord(cause) && typeof cause['code'] === 'string' ? cause['code'] : errorMessage(thrown);
}

function failure(name: string, thrown: unknown): Check {
  const hint = thrown instanceof SluiceError && thrown.hint !== undefined ? ` ${thrown.hint}` : '';
  return result(name, 'fail', `${errorMessage(thrown)}${hint}`);
}
