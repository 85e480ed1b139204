import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { Client } from 'langsmith';
import { describe, expect, it } from 'vitest';
import { everythingGraph } from '../../../../test/support/langsmith-graph.ts';
import { LangSmithServer, type ReceivedRun } from '../../../../test/support/langsmith-server.ts';
import { silentLogger, stableStringify } from '../../../core/index.ts';
import { LangChainTracerStandIn } from '../../langsmith-tree/langchain-tracer.ts';
import { resolveTraceOptions } from '../../options/options.ts';
import { Tracer } from '../../tracer.ts';
import { LangSmithExporter } from './langsmith-exporter.ts';

interface Input {
  readonly question: string;
  readonly ask: boolean;
  readonly fail: boolean;
}

const PROJECT = 'parity';
const CONFIG = {
  configurable: { thread_id: 'thread-1', user_id: 'user-1' },
  tags: ['beta'],
  metadata: { route: '/refund' },
};

/** The runs that the unmodified tracer and client send. */
async function sentByLangSmith(input: Input): Promise<readonly ReceivedRun[]> {
  await using server = await LangSmithServer.start();
  const client = new Client({ apiUrl: server.url, apiKey: 'key' });
  const tracer = new LangChainTracer({ client, projectName: PROJECT });
  await everythingGraph()
    .invoke(input, { ...CONFIG, callbacks: [tracer] })
    .catch(() => undefined);
  await client.awaitPendingTraceBatches();
  expect(server.complaints).toEqual([]);
  return server.runs;
}

/** The runs that this package sends. */
async function sentByUs(input: Input): Promise<readonly ReceivedRun[]> {
  await using server = await LangSmithServer.start();
  const exporter = new LangSmithExporter({ apiKey: 'key', endpoint: server.url, project: PROJECT });
  const tracer = new Tracer(resolveTraceOptions({}, {}, '/nowhere'), { exporter, logger: silentLogger });
  const standIn = new LangChainTracerStandIn({
    project: PROJECT,
    onLate: () => expect.unreachable('a run came late'),
    onDefect: (where, thrown) => expect.unreachable(`${where}: ${String(thrown)}`),
  });
  await everythingGraph()
    .invoke(input, { ...CONFIG, callbacks: [tracer.handler, standIn] })
    .catch(() => undefined);
  await tracer.shutdown();
  expect(server.complaints).toEqual([]);
  return server.runs;
}

/** A run as it is compared: with ids replaced by its place in the tree, which differ from run to run. */
interface ComparableRun {
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * The differences that are meant, each with its reason. A field that is not named here has to be equal.
 */
const DIFFERENCES: Readonly<Record<string, string>> = {
  serialized:
    'It repeats the constructor arguments of the class on every run; it can hold secrets, and is not recorded.',
  child_runs: 'Always empty, and ignored by the server.',
  start_time: 'A time. Ours has real microseconds, langsmith’s a counter in their place.',
  end_time: 'A time.',
  'extra.runtime': 'It names the package that sends.',
  'extra.options': 'Call options, among them objects of LangGraph that encode to nothing.',
  'extra.batch_size': 'Always 1.',
  'extra.invocation_params': 'Left out where it is empty.',
  'extra.metadata.LANGSMITH_TRACING': 'langsmith copies variables of the process into every run.',
  'extra.metadata.sluice_outcome': 'Ours: how the run ended.',
  'extra.metadata.sluice_decision_reason': 'Ours: why the trace was kept.',
  'extra.metadata.sluice_decision_weight': 'Ours: how many runs the trace stands for.',
  'extra.metadata.sluice_checkpoint_id': 'Ours: links an interrupted run with its resume.',
  'extra.metadata.sluice_failing_run_id': 'Ours: where the error first appeared.',
  'events.new_token':
    'Only the first token is recorded: it is what the time to the first token is read from.',
  'events.interrupt': 'Ours: what the graph asked.',
};

/** Differences of runs that were interrupted: to langsmith an interrupt is an error. */
const INTERRUPT_DIFFERENCES: Readonly<Record<string, string>> = {
  error: 'An interrupt is no error.',
  'events.error': 'An interrupt is no error.',
  'events.end': 'An interrupt is no error.',
};

function comparable(runs: readonly ReceivedRun[]): ComparableRun[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const seen = new Map<string, number>();
  const paths = new Map<string, string>();
  const sorted = [...runs].sort((a, b) => (String(a['dotted_order']) < String(b['dotted_order']) ? -1 : 1));
  return sorted.map((run) => {
    const above = paths.get(String(run['parent_run_id'])) ?? '';
    const name = `${above}/${String(run['name'])}`;
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    const path = nth === 1 ? name : `${name}#${nth}`;
    paths.set(run.id, path);
    expect(byId.has(String(run['parent_run_id']))).toBe(run['parent_run_id'] !== undefined);
    const { id: _id, trace_id: _trace, parent_run_id: _parent, dotted_order: order, ...rest } = run;
    return { path, fields: { ...flatten(rest), depth: String(order).split('.').length } };
  });
}

/** Fields to the depth at which differences are named; events become the number of each name. */
function flatten(run: Record<string, unknown>): Record<string, unknown> {
  const { extra, events, ...fields } = run;
  const flat: Record<string, unknown> = { ...fields };
  for (const { name } of events as { name: string }[]) {
    flat[`events.${name}`] = ((flat[`events.${name}`] as number | undefined) ?? 0) + 1;
  }
  const { metadata, ...others } = extra as Record<string, unknown>;
  for (const [key, value] of Object.entries(others)) flat[`extra.${key}`] = value;
  for (const [key, value] of Object.entries(metadata as object)) flat[`extra.metadata.${key}`] = value;
  return JSON.parse(
    JSON.stringify(flat)
      .replace(UUID, 'id')
      .replace(/"tags":\[[^\]]*\]/g, sortedTags),
  );
}

/** A tag that is inherited twice is one tag, and their order says nothing. */
function sortedTags(text: string): string {
  const tags = JSON.parse(`{${text}}`) as { tags: string[] };
  return JSON.stringify({ tags: [...new Set(tags.tags)].sort() }).slice(1, -1);
}

/** Every field in which the two trees differ, as `path field`. */
function differences(theirs: ComparableRun[], ours: ComparableRun[]): { path: string; field: string }[] {
  return theirs.flatMap(({ path, fields }, index) => {
    const own = ours[index]?.fields ?? {};
    return [...new Set([...Object.keys(fields), ...Object.keys(own)])]
      .filter((field) => stableStringify(fields[field]) !== stableStringify(own[field]))
      .map((field) => ({ path, field }));
  });
}

describe('what LangSmith gets, beside what its own tracer sends', () => {
  it.each([
    ['a success', { question: 'where?', ask: false, fail: false }, 17],
    ['another path', { question: '', ask: false, fail: false }, 9],
    ['an error', { question: 'where?', ask: false, fail: true }, 17],
    ['an interrupt', { question: 'where?', ask: true, fail: false }, 17],
  ])('is the same run tree for %s', async (what, input, runs) => {
    const theirs = comparable(await sentByLangSmith(input));
    const ours = comparable(await sentByUs(input));
    expect(ours.map(({ path }) => path)).toEqual(theirs.map(({ path }) => path));
    expect(ours).toHaveLength(runs);
    const found = differences(theirs, ours);
    const unexpected = found.filter(
      ({ path, field }) =>
        !(field in DIFFERENCES) &&
        !(what === 'an interrupt' && path === '/everything/decide' && field in INTERRUPT_DIFFERENCES),
    );
    expect(unexpected).toEqual([]);
    if (what === 'an error') {
      const failed = ours.filter(({ fields }) => fields['error'] !== undefined).map(({ path }) => path);
      expect(failed).toEqual(['/everything', '/everything/decide']);
    }
    if (what === 'an interrupt')
      expect(ours.filter(({ fields }) => fields['error'] !== undefined)).toEqual([]);
  });
});
