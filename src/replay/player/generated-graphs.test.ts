import { HumanMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { generatedGraph } from '../../../test/support/generated-graph.ts';
import { record } from '../../../test/support/recorded-run.ts';
import { isRecord, rootSpan, systemClock, type Trace } from '../../core/index.ts';
import type { ReplayableGraph } from '../contract.ts';
import { nodePath, recordingOf } from '../recording/index.ts';
import { openPlayer } from './index.ts';

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed + 1);
const CONFIG = { recursionLimit: 200 };

type Seen = [branch: string, what: unknown][];

/** Ways to run a graph, and what the caller sees of it. */
const DRIVES: Readonly<Record<string, (graph: ReplayableGraph, input: never) => Promise<Seen>>> = {
  invoke: async (graph, input) => [['result', await graph.invoke(input, CONFIG)]],
  async stream(graph, input) {
    const seen: Seen = [];
    const stream = await graph.stream(input, {
      ...CONFIG,
      streamMode: ['updates', 'messages', 'values'],
      subgraphs: true,
    });
    for await (const [namespace, mode, data] of stream as AsyncIterable<[string[], string, unknown]>) {
      const [message, metadata] = mode === 'messages' && Array.isArray(data) ? data : [];
      // Nodes that ran beside each other report as they end.
      const node = mode === 'updates' && isRecord(data) ? Object.keys(data) : [];
      const branch = metadata?.langgraph_checkpoint_ns ?? [...namespace, ...node].join('|');
      seen.push([`${mode} ${branch}`, message ?? data]);
    }
    return seen;
  },
  async streamEvents(graph, input) {
    const seen: Seen = [];
    for await (const { event, name, data, metadata } of graph.streamEvents(input, {
      ...CONFIG,
      version: 'v2',
    })) {
      seen.push([String(metadata['langgraph_checkpoint_ns'] ?? ''), [event, name, data]]);
    }
    return seen;
  },
};

/**
 * What was seen by each branch, in its order: how branches that run at the same time take turns is the machine's affair.
 * Ids are replaced.
 */
function byBranch(seen: Seen): Record<string, unknown[]> {
  const numbers = new Map<string, Map<string, number>>();
  const branches: Record<string, unknown[]> = {};
  for (const [branch, what] of seen) {
    const [mode = '', ns = mode] = branch.split(' ');
    const path = nodePath(ns) ?? mode;
    const known = numbers.get(path) ?? new Map<string, number>();
    numbers.set(path, known);
    if (!known.has(ns)) known.set(ns, known.size);
    const key = `${path}#${known.get(ns)}`;
    branches[key] = [...(branches[key] ?? []), withoutIds(what)];
  }
  return branches;
}

function withoutIds(value: unknown): unknown {
  const text = JSON.stringify(value, (key, member: unknown) =>
    // How long it took, and where the run was kept.
    key === 'stack' || key === 'langgraph_checkpoint_ns' ? undefined : member,
  );
  return JSON.parse((text ?? 'null').replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>'));
}

/** The spans of each branch, as the trace has them. */
function spansOf(trace: Trace): Seen {
  return trace.spans.map(({ checkpointNs, name, type, outcome, inputs, outputs, error, usage }) => [
    checkpointNs ?? '',
    [type, name, outcome, inputs, outputs, error?.message, usage],
  ]);
}

describe('a recorded graph that is replayed unchanged', () => {
  it.each(SEEDS)(
    'ends the same, with the same state and events, and calls nothing (seed %i)',
    async (seed) => {
      const { graph, live, size } = generatedGraph(seed);
      expect(size).toBeLessThanOrEqual(40);
      const input = {
        topic: 't',
        messages: [new HumanMessage({ content: `hello ${seed}`, id: 'h' })],
      } as never;
      const drive = Object.values(DRIVES)[seed % 3] as (
        graph: ReplayableGraph,
        input: never,
      ) => Promise<Seen>;
      const seen: Seen[] = [];
      const trace = await record(graph, input, async (traced, given) =>
        seen.push(await drive(traced, given as never)),
      );
      expect(rootSpan(trace).outcome).toMatch(/success|handled_error/);
      const { count } = live;
      expect(count).toBeGreaterThan(0);

      const player = openPlayer(recordingOf(trace), { clock: systemClock() });
      const replayed = await record(graph, input, (traced, given) =>
        player.run(async () => seen.push(await drive(traced, given as never))),
      );

      expect(live.count).toBe(count);
      expect(player.calls.filter(({ match }) => match !== 'exact')).toEqual([]);
      expect(player.unused).toEqual([]);
      expect(player.blocked).toEqual([]);
      expect(replayed.outcome).toBe(trace.outcome);
      expect(withoutIds(rootSpan(replayed).outputs)).toEqual(withoutIds(rootSpan(trace).outputs));
      const [before = [], after = []] = seen;
      expect(byBranch(after)).toEqual(byBranch(before));
      expect(byBranch(spansOf(replayed))).toEqual(byBranch(spansOf(trace)));
    },
  );
});
