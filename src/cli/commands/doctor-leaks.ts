import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InMemoryStore, MemorySaver } from '@langchain/langgraph';
import {
  EXIT,
  type ExitCode,
  errorMessage,
  NoVerdictError,
  type Trace,
  traceStorePath,
  UsageError,
} from '../../core/index.ts';
import { type LoadedGraph, loadGraph } from '../../loading/index.ts';
import { openTraceStore } from '../../store/index.ts';
import { shutdown } from '../../tracing/index.ts';
import {
  isTraced,
  leaveOtelOut,
  type ResolvedTraceOptions,
  rehearse,
  rehearsedOptions,
  resolveTraceOptions,
  type TraceOptions,
  wrappedOptions,
} from '../../tracing/internal.ts';
import type { CommandContext } from '../command.ts';
import { CanaryPlanter, findLeaks, type LeakReport, renderLeaks } from '../leaks/index.ts';
import { plainLine, safeJson } from '../trace-view/index.ts';
import type { DoctorValues } from './doctor.ts';

const DEFAULT_TIMEOUT_MS = 120_000;

/**
 * Runs a graph once with canary values wherever a caller can put one, and prints by which recorded fields they leave. The
 * run is recorded in a folder of its own that is removed afterwards, and sent nowhere.
 *
 * @throws UsageError `DOCTOR_USAGE`, `FLAG_INVALID`, a bad variable of the environment, or what loading the graph throws;
 *   NoVerdictError `DOCTOR_NOT_RUN` when the graph left no trace.
 */
export async function runLeaks(values: DoctorValues, context: CommandContext): Promise<ExitCode> {
  // The module of the graph may wrap it, which would start what exports spans and metrics.
  const takeBack = leaveOtelOut();
  try {
    return await lookForLeaks(values, context);
  } finally {
    takeBack();
  }
}

async function lookForLeaks(values: DoctorValues, context: CommandContext): Promise<ExitCode> {
  const { env, cwd, stdout, stderr } = context;
  const { graph: ref } = values;
  if (ref === undefined) {
    throw new UsageError('DOCTOR_USAGE', 'sluice doctor --leaks needs a graph.', {
      hint: 'For example: sluice doctor --leaks ./src/agent.ts#graph',
    });
  }
  const shape = inputOf(values.input);
  const options = privacyOf(values);
  // Before anything of the user's runs.
  resolveTraceOptions(options, env, cwd);
  stderr.write(
    `Running ${plainLine(ref)} once: its tools and models really run. Checkpoints stay in memory, the trace is removed afterwards.\n`,
  );
  const graph = await loadGraph(ref, { cwd });
  const resolved = rehearsedOptions(graph, { options, env, cwd });
  const planter = new CanaryPlanter({ isEmail: findsEmails(resolved) });
  const notes = startNotes(graph, resolved);
  const home = await mkdtemp(join(tmpdir(), 'sluice-doctor-'));
  try {
    const trace = await record(graph, { planter, shape, options, home, timeoutMs: values.timeout }, context);
    const report: LeakReport = {
      graph: ref,
      outcome: trace.outcome,
      ...(trace.error === undefined ? {} : { error: `${trace.error.name}: ${trace.error.message}` }),
      spanCount: trace.spans.length,
      privacy: {
        hideInputs: resolved.hideInputs !== false,
        hideOutputs: resolved.hideOutputs !== false,
        hideMetadata: resolved.hideMetadata !== false,
        redact: resolved.redact !== false,
      },
      canaries: planter.canaries.length,
      untouched: planter.untouched,
      leaks: findLeaks(trace, planter.canaries),
      notes: [...notes, ...endNotes(trace)],
    };
    stdout.write(values.json ? `${safeJson(report)}\n` : renderLeaks(report));
    return report.leaks.length === 0 ? EXIT.pass : EXIT.gateFailed;
  } finally {
    await shutdown();
    await rm(home, { recursive: true, force: true });
  }
}

function startNotes(graph: LoadedGraph, resolved: ResolvedTraceOptions): readonly string[] {
  const { hideInputs, hideOutputs, hideMetadata, redact } = resolved;
  const placed = Object.entries({ hideInputs, hideOutputs, hideMetadata }).flatMap(([name, rule]) =>
    Array.isArray(rule) ? [name] : [],
  );
  return [
    ...(isTraced(graph)
      ? [
          wrappedOptions(graph) === undefined
            ? 'The graph is wrapped by another copy of sluicegate: the options in its code, if any, were not applied. Give them as flags.'
            : 'The graph is wrapped with traceGraph: the options in its code were applied; flags come before them.',
        ]
      : []),
    ...(placed.length === 0 ? [] : [`In some places only: ${placed.join(', ')}.`]),
    ...(resolved.enabled
      ? []
      : ['SLUICE_TRACING switches tracing off, so nothing leaves at all as it is set.']),
    ...(redact === false
      ? []
      : [
          findsEmails(resolved)
            ? 'The canaries were e-mail addresses. Redaction leaves texts of other shapes, such as names, as they are.'
            : 'The canaries have no shape that the redaction rules look for, unless a path covers them.',
        ]),
  ];
}

function findsEmails({ redact }: ResolvedTraceOptions): boolean {
  return redact === true || (Array.isArray(redact) && redact.includes('email'));
}

function endNotes({ outcome }: Trace): readonly string[] {
  return outcome === 'success' || outcome === 'handled_error'
    ? []
    : [`The run ended as ${outcome}: what comes after that was not looked at. Give an input with --input.`];
}

/** Left out where a flag is not given, so that the environment decides. */
function privacyOf(values: DoctorValues): TraceOptions {
  const { hideInputs, hideOutputs, hideMetadata, redact } = values;
  const given = Object.entries({ hideInputs, hideOutputs, hideMetadata, redact }).filter(([, isOn]) => isOn);
  return Object.fromEntries(given);
}

function inputOf(json: string | undefined): unknown {
  if (json === undefined) return { messages: [{ role: 'user', content: '' }] };
  try {
    return JSON.parse(json);
  } catch (thrown) {
    throw new UsageError('FLAG_INVALID', `--input is not JSON: ${errorMessage(thrown)}.`, {
      hint: `For example: --input '{"question":"Where is my order?"}'`,
    });
  }
}

interface Recording {
  readonly planter: CanaryPlanter;
  readonly shape: unknown;
  readonly options: TraceOptions;
  readonly home: string;
  readonly timeoutMs: number | undefined;
}

async function record(graph: LoadedGraph, how: Recording, context: CommandContext): Promise<Trace> {
  const { planter, home, options } = how;
  const { env, cwd, logger, clock, signal } = context;
  // Of a graph that its own module has wrapped nothing may be recorded elsewhere.
  await shutdown();
  const rehearsal = rehearse(await inMemory(graph), { options, env, cwd, home, logger });
  const runId = randomUUID();
  const input = planter.plant(how.shape, 'input');
  const config = {
    runId,
    // After the name it would have, by which the report then calls it.
    runName: planter.after(graph.getName(), 'run name'),
    metadata: { sluice_canary: planter.text('metadata') },
    tags: [planter.text('tag')],
    configurable: {
      thread_id: planter.text('thread id'),
      sluice_canary_configurable: planter.text('configurable'),
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(how.timeoutMs ?? DEFAULT_TIMEOUT_MS)]),
  };
  let thrown: unknown;
  try {
    await rehearsal.graph.invoke(input, config);
  } catch (error) {
    // How the run ended is in its trace, which is what is looked at.
    thrown = error;
  } finally {
    await rehearsal.end();
  }
  signal.throwIfAborted();
  const store = await openTraceStore({ path: traceStorePath(home), readOnly: true, logger, clock });
  const found = await store.find(runId).finally(() => store.close());
  if (found.kind === 'found' && hasRun(found.trace)) return found.trace;
  const reason = thrown === undefined ? 'none of its nodes left a trace' : plainLine(errorMessage(thrown));
  throw new NoVerdictError('DOCTOR_NOT_RUN', `The graph could not be run: ${reason}.`, {
    hint: 'Give an input that it takes with --input, and look for a warning above.',
    cause: thrown,
  });
}

/** Whether anything but the graph itself has begun: otherwise "nothing leaves" would say nothing. */
function hasRun({ id, spans }: Trace): boolean {
  return spans.some((span) => span.id !== id && span.name !== '__start__');
}

/** A copy that writes no canary through the graph's own persistence. */
async function inMemory(graph: LoadedGraph): Promise<LoadedGraph> {
  for await (const [name, subgraph] of graph.getSubgraphsAsync(undefined, true)) {
    if (typeof subgraph.checkpointer !== 'object') continue;
    throw new NoVerdictError(
      'DOCTOR_SUBGRAPH_CHECKPOINTER',
      `The subgraph ${JSON.stringify(name)} has a checkpointer of its own, which canary values would be written to.`,
      { hint: 'Compile the subgraph without a checkpointer: it then uses the one of the graph around it.' },
    );
  }
  const copy = graph.withConfig({}) as LoadedGraph;
  copy.checkpointer = new MemorySaver();
  if (copy.store !== undefined) copy.store = new InMemoryStore();
  return copy;
}
