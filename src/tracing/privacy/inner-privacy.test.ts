import { interrupt, MemorySaver, START, StateGraph, StateSchema } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { traceWith } from '../../../test/support/trace-with.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import type { TraceOptions } from '../options/options-schema.ts';

const Inner = new StateSchema({ y: z.string() });
const Outer = new StateSchema({ x: z.string() });

/** A graph with a privacy of its own as a step of another, each wrapped by a tracer of its own. */
async function record(
  innerOptions: TraceOptions,
  outerOptions: TraceOptions,
  answer: (y: string) => string = (y) => `${y} SECRET-OUT`,
) {
  const metrics = new MetricsRegistry();
  const inner = traceWith(
    new StateGraph(Inner)
      .addNode('work', ({ y }) => ({ y: answer(y) }))
      .addEdge(START, 'work')
      .compile({ name: 'inner' }),
    innerOptions,
  );
  const outer = traceWith(
    new StateGraph(Outer)
      .addNode('call', async (_state, config) => {
        const metadata = { customer: 'SECRET-META' };
        await inner.graph.invoke(
          { y: 'bob@example.com SECRET-IN' },
          { ...config, metadata, runName: 'SECRET-RUN' },
        );
        return { x: 'shown' };
      })
      .addEdge(START, 'call')
      .compile({ name: 'outer', checkpointer: new MemorySaver() }),
    outerOptions,
    { metrics },
  );
  await outer.graph.invoke({ x: 'shown' }, { configurable: { thread_id: 't' } }).catch(() => undefined);
  const [trace] = await outer.traces();
  return { trace: trace!, text: JSON.stringify(trace), metrics: JSON.stringify(metrics.families()) };
}

describe('a graph with a privacy of its own inside of another wrapped graph', () => {
  it('keeps private what its own options hide, and nothing else', async () => {
    const hideAll = { hideInputs: true, hideOutputs: true, hideMetadata: true };
    const { trace, text, metrics } = await record(hideAll, {});
    expect(text).not.toContain('SECRET');
    expect(metrics).not.toContain('SECRET');
    expect(trace.spans.map(({ name }) => name)).toContain('inner');
    expect(trace.spans[0]).toMatchObject({ inputs: { x: 'shown' }, outputs: { x: 'shown' } });
    expect((await record({}, {})).text).toContain('SECRET-IN');
  });

  it('hides by place, and removes parts of values, by its own rules and by those around it', async () => {
    const { text } = await record({ redact: ['email'] }, { redact: [{ name: 'in', pattern: /SECRET-IN/ }] });
    expect(text).toContain('[redacted:email] [redacted:in]');
    const places = await record({ hideOutputs: [{ node: 'work' }], hideInputs: [{ graph: 'inner' }] }, {});
    const of = (name: string) => JSON.stringify(places.trace.spans.filter((span) => span.name === name));
    expect(of('work')).not.toContain('SECRET-OUT');
    expect(places.text).not.toContain('"y":"bob@example.com SECRET-IN"');
  });

  it('lets no error tell what it hides, on its way up either', async () => {
    const fail = (y: string) => {
      throw new Error(`no ${y}`);
    };
    const hidden = await record({ hideInputs: true, hideOutputs: true, hideMetadata: true }, {}, fail);
    expect(hidden.trace).toMatchObject({ outcome: 'error', error: { message: '[hidden]' } });
    expect(hidden.text).not.toContain('SECRET');
    const redacted = await record({ redact: ['email'] }, {}, fail);
    expect(redacted.trace.error?.message).toBe('no [redacted:email] SECRET-IN');
    for (const { error } of redacted.trace.spans) expect(error?.message ?? '').not.toContain('bob@');
  });

  it('lets no interrupt tell it', async () => {
    const ask = (y: string) => interrupt<string, string>(`SECRET of ${y}`);
    const { trace, text } = await record(
      { hideInputs: true, hideOutputs: true, hideMetadata: true },
      {},
      ask,
    );
    expect(trace.outcome).toBe('interrupted');
    expect(text).not.toContain('SECRET');
  });
});
