import { setTimeout as delay } from 'node:timers/promises';
import { AIMessage } from '@langchain/core/messages';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import {
  Annotation,
  Command,
  END,
  interrupt,
  type LangGraphRunnableConfig,
  MemorySaver,
  MessagesAnnotation,
  RunControl,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { traceWith } from '../../../test/support/trace-with.ts';
import type { Trace } from '../../core/index.ts';

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});

/** Waits for as long as nobody aborts it. */
async function untilAborted(_state: unknown, config: LangGraphRunnableConfig) {
  await delay(60_000, undefined, config.signal ? { signal: config.signal } : {});
  return {};
}

const waiting = () => new StateGraph(State).addNode('wait', untilAborted).addEdge(START, 'wait').compile();

async function only(traced: { traces(): Promise<Trace[]> }): Promise<Trace> {
  // Aborted runs report the end of their root after the caller has its error.
  return eventually(async () => {
    const traces = await traced.traces();
    expect(traces).toHaveLength(1);
    return traces[0]!;
  });
}

const outcomeOf = (trace: Trace, name: string) => trace.spans.find((span) => span.name === name)?.outcome;

describe('the outcome of a run', () => {
  it('is success when every node returns', async () => {
    const traced = traceWith(
      new StateGraph(State)
        .addNode('a', () => ({ log: ['a'] }))
        .addEdge(START, 'a')
        .compile({ name: 'fine' }),
    );
    await traced.graph.invoke({});
    const trace = await only(traced);
    expect(trace).toMatchObject({
      name: 'fine',
      outcome: 'success',
      decision: { reason: 'sampled', weight: 1 },
    });
    expect(trace.error).toBeUndefined();
    expect(trace.spans.map((span) => [span.name, span.type])).toEqual([
      ['fine', 'graph'],
      ['__start__', 'node'],
      ['a', 'node'],
    ]);
  });

  it('is error when a node throws, and the node is the failing span', async () => {
    const graph = new StateGraph(State)
      .addNode('bad', () => {
        throw new TypeError('no such order');
      })
      .addEdge(START, 'bad')
      .compile();
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({})).rejects.toThrow('no such order');
    const trace = await only(traced);
    expect(trace).toMatchObject({ outcome: 'error', error: { name: 'TypeError', message: 'no such order' } });
    expect(trace.spans.find((span) => span.id === trace.failingSpanId)?.name).toBe('bad');
    expect(outcomeOf(trace, 'bad')).toBe('error');
    expect(outcomeOf(trace, '__start__')).toBe('success');
  });

  it('names the innermost span that threw: a tool in a subgraph', async () => {
    const lookup = tool(
      async () => {
        throw new Error('database down');
      },
      { name: 'lookup', description: 'x' },
    );
    const inner = new StateGraph(State)
      .addNode('ask', async (_state, config) => {
        await lookup.invoke({}, config);
        return {};
      })
      .addEdge(START, 'ask')
      .compile({ name: 'inner' });
    const outer = new StateGraph(State)
      .addNode('sub', inner)
      .addEdge(START, 'sub')
      .compile({ name: 'outer' });
    const traced = traceWith(outer);
    await expect(traced.graph.invoke({})).rejects.toThrow('database down');
    const trace = await only(traced);
    const failing = trace.spans.find((span) => span.id === trace.failingSpanId);
    expect(failing).toMatchObject({ name: 'lookup', type: 'tool', outcome: 'error', node: 'ask' });
    expect(['outer', 'sub', 'inner', 'ask'].map((name) => outcomeOf(trace, name))).toEqual(
      Array(4).fill('error'),
    );
  });

  it('is error at the recursion limit, with no node to blame', async () => {
    const graph = new StateGraph(State)
      .addNode('again', () => ({ log: ['x'] }))
      .addEdge(START, 'again')
      .addEdge('again', 'again')
      .compile();
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({}, { recursionLimit: 3 })).rejects.toThrow(/Recursion limit/);
    const trace = await only(traced);
    expect(trace).toMatchObject({
      outcome: 'error',
      error: { name: 'GraphRecursionError' },
      failingSpanId: trace.id,
    });
    expect(outcomeOf(trace, 'again')).toBe('success');
  });

  it('is interrupted when a node interrupts, and the resume is a run of its own at the same checkpoint', async () => {
    const graph = new StateGraph(State)
      .addNode('ask', () => ({ log: [String(interrupt({ question: 'sure?' }))] }))
      .addEdge(START, 'ask')
      .compile({ checkpointer: new MemorySaver() });
    const traced = traceWith(graph);
    const config = { configurable: { thread_id: 'thread-1' } };
    await traced.graph.invoke({}, config);
    await traced.graph.invoke(new Command({ resume: 'yes' }), config);
    const [asked, resumed] = await traced.traces();
    expect(asked).toMatchObject({ outcome: 'interrupted', threadId: 'thread-1' });
    expect(asked?.error).toBeUndefined();
    expect(outcomeOf(asked!, 'ask')).toBe('interrupted');
    expect(asked?.spans[0]?.events).toMatchObject([
      { name: 'interrupt', data: { interrupts: [{ value: { question: 'sure?' } }] } },
    ]);
    expect(resumed).toMatchObject({ outcome: 'success', threadId: 'thread-1' });
    expect(asked?.checkpointId).toMatch(/^[0-9a-f-]{36}$/);
    expect(resumed?.checkpointId).toBe(asked?.checkpointId);
  });

  it('is interrupted before a static breakpoint', async () => {
    const graph = new StateGraph(State)
      .addNode('a', () => ({ log: ['a'] }))
      .addNode('b', () => ({ log: ['b'] }))
      .addEdge(START, 'a')
      .addEdge('a', 'b')
      .compile({ checkpointer: new MemorySaver(), interruptBefore: ['b'] });
    const traced = traceWith(graph);
    await traced.graph.invoke({}, { configurable: { thread_id: 't' } });
    expect((await only(traced)).outcome).toBe('interrupted');
  });

  it('is success when a subgraph hands a command to its parent', async () => {
    const inner = new StateGraph(State)
      .addNode(
        'hand',
        () => new Command({ graph: Command.PARENT, goto: 'done', update: { log: ['handed'] } }),
      )
      .addEdge(START, 'hand')
      .compile({ name: 'inner' });
    const outer = new StateGraph(State)
      .addNode('sub', inner, { ends: ['done'] })
      .addNode('done', () => ({ log: ['done'] }))
      .addEdge(START, 'sub')
      .compile();
    const traced = traceWith(outer);
    await traced.graph.invoke({});
    const trace = await only(traced);
    expect(trace.outcome).toBe('success');
    expect(trace.spans.every((span) => span.outcome === 'success' && span.error === undefined)).toBe(true);
  });

  it('is handled_error when a retry recovers, and every attempt is there', async () => {
    let attempts = 0;
    const graph = new StateGraph(State)
      .addNode(
        'flaky',
        () => {
          attempts += 1;
          if (attempts < 3) throw new Error(`attempt ${attempts}`);
          return { log: ['ok'] };
        },
        { retryPolicy: { maxAttempts: 3, initialInterval: 1, jitter: false, logWarning: false } },
      )
      .addEdge(START, 'flaky')
      .compile();
    const traced = traceWith(graph);
    await traced.graph.invoke({});
    const trace = await only(traced);
    expect(trace).toMatchObject({
      outcome: 'handled_error',
      decision: { reason: 'handled_error', weight: 1 },
    });
    const flaky = trace.spans.filter((span) => span.name === 'flaky');
    expect(flaky.map((span) => [span.outcome, span.error?.message])).toEqual([
      ['handled_error', 'attempt 1'],
      ['handled_error', 'attempt 2'],
      ['success', undefined],
    ]);
  });

  it('is handled_error when a tool throws and the model is told so', async () => {
    const broken = tool(
      async () => {
        throw new Error('boom');
      },
      { name: 'broken', description: 'x' },
    );
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('tools', new ToolNode([broken]))
      .addEdge(START, 'tools')
      .compile();
    const traced = traceWith(graph);
    const call = new AIMessage({ content: '', tool_calls: [{ name: 'broken', args: {}, id: 'call-1' }] });
    await traced.graph.invoke({ messages: [call] });
    const trace = await only(traced);
    expect(trace.outcome).toBe('handled_error');
    expect(trace.error).toBeUndefined();
    expect(trace.spans.find((span) => span.name === 'broken')).toMatchObject({
      outcome: 'handled_error',
      toolCallId: 'call-1',
      error: { message: 'boom' },
    });
    expect(outcomeOf(trace, 'tools')).toBe('handled_error');
  });

  it('is cancelled when the caller aborts', async () => {
    const traced = traceWith(waiting());
    const controller = new AbortController();
    const run = traced.graph.invoke({}, { signal: controller.signal });
    setImmediate(() => controller.abort(new Error('client went away')));
    await expect(run).rejects.toThrow();
    const trace = await only(traced);
    expect(trace.outcome).toBe('cancelled');
    expect(trace.error).toBeUndefined();
  });

  it('is cancelled when the consumer leaves the stream', async () => {
    const traced = traceWith(waiting());
    for await (const _chunk of await traced.graph.stream({}, { streamMode: 'debug' })) break;
    const trace = await only(traced);
    expect(trace.outcome).toBe('cancelled');
    expect(outcomeOf(trace, 'wait')).toBe('cancelled');
  });

  it('is error when a time limit ends the run: nobody chose to stop it', async () => {
    const traced = traceWith(waiting());
    await expect(traced.graph.invoke({}, { signal: AbortSignal.timeout(5) })).rejects.toThrow();
    const trace = await only(traced);
    expect(trace).toMatchObject({ outcome: 'error', error: { name: 'TimeoutError' } });
    expect(trace.spans.find((span) => span.id === trace.failingSpanId)?.name).toBe('wait');
  });

  const timedOut = () => AbortSignal.abort(new DOMException('too slow', 'TimeoutError'));

  it.each<[string, (graph: ReturnType<typeof waiting>) => Promise<unknown>]>([
    ['invoke', (graph) => graph.invoke({}, { signal: timedOut() })],
    ['batch', (graph) => graph.batch([{}], { signal: timedOut() })],
    ['stream', async (graph) => (await graph.stream({}, { signal: timedOut() })).next()],
    [
      'a copy with more configuration',
      (graph) => graph.withConfig({ recursionLimit: 9 }).invoke({}, { signal: timedOut() }),
    ],
  ])('is error when the time was up before it began, by %s', async (_way, call) => {
    const traced = traceWith(waiting());
    await expect(call(traced.graph)).rejects.toThrow();
    const trace = await only(traced);
    expect(trace).toMatchObject({
      outcome: 'error',
      error: { name: 'TimeoutError', message: 'too slow' },
      failingSpanId: trace.id,
      decision: { reason: 'error' },
    });
  });

  it('is cancelled when the caller had left before it began', async () => {
    const traced = traceWith(waiting());
    await expect(traced.graph.invoke({}, { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(await only(traced)).toMatchObject({ outcome: 'cancelled', spans: [{ outcome: 'cancelled' }] });
  });

  it('is error when the time is up between two steps, with no node to blame', async () => {
    const limit = new AbortController();
    class SlowSaver extends MemorySaver {
      override async put(...args: Parameters<MemorySaver['put']>) {
        if (args[2].step === 1) limit.abort(new DOMException('too slow', 'TimeoutError'));
        return super.put(...args);
      }
    }
    const graph = new StateGraph(State)
      .addNode('a', () => ({ log: ['a'] }))
      .addNode('b', () => ({ log: ['b'] }))
      .addEdge(START, 'a')
      .addEdge('a', 'b')
      .compile({ checkpointer: new SlowSaver() });
    const traced = traceWith(graph);
    const config = { signal: limit.signal, configurable: { thread_id: 't' } };
    await expect(traced.graph.invoke({}, config)).rejects.toThrow('too slow');
    const trace = await only(traced);
    expect(trace).toMatchObject({
      outcome: 'error',
      error: { name: 'TimeoutError' },
      failingSpanId: trace.id,
    });
    expect(trace.spans.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['LangGraph', 'error'],
      ['__start__', 'success'],
      ['a', 'success'],
    ]);
  });

  it('is error at the time limit of a step, whether its node listens or not', async () => {
    for (const node of [untilAborted, () => new Promise<never>(() => {})]) {
      const graph = new StateGraph(State).addNode('slow', node).addEdge(START, 'slow').compile();
      graph.stepTimeout = 5;
      const traced = traceWith(graph);
      await expect(traced.graph.invoke({})).rejects.toThrow('Abort');
      const trace = await only(traced);
      expect(trace).toMatchObject({ outcome: 'error', error: { name: 'TimeoutError' } });
      expect(trace.spans.find((span) => span.id === trace.failingSpanId)?.name).toBe('slow');
    }
  });

  it('is cancelled when the caller leaves after a time limit that was handled inside', async () => {
    const limited = RunnableLambda.from(() => Promise.reject(timedOut().reason)).withConfig({
      runName: 'limited',
    });
    const controller = new AbortController();
    const graph = new StateGraph(State)
      .addNode('ask', async (_state, config) => {
        await limited.invoke({}, config).catch(() => 'no answer in time');
        setImmediate(() => controller.abort());
        return untilAborted(_state, config);
      })
      .addEdge(START, 'ask')
      .compile();
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({}, { signal: controller.signal })).rejects.toThrow();
    expect((await only(traced)).outcome).toBe('cancelled');
  });

  it('blames the span that ran out of time last, not one whose time limit was handled', async () => {
    const limited = RunnableLambda.from(() => Promise.reject(timedOut().reason)).withConfig({
      runName: 'limited',
    });
    const graph = new StateGraph(State)
      .addNode('ask', async (state, config) => {
        await limited.invoke({}, config).catch(() => 'no answer in time');
        await delay(2);
        return untilAborted(state, config);
      })
      .addEdge(START, 'ask')
      .compile();
    graph.stepTimeout = 20;
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({})).rejects.toThrow('Abort');
    const trace = await only(traced);
    expect(trace.spans.find((span) => span.id === trace.failingSpanId)?.name).toBe('ask');
    expect(outcomeOf(trace, 'limited')).toBe('handled_error');
  });

  it("is error when a node throws an error of LangGraph's own text and nobody has aborted", async () => {
    const graph = new StateGraph(State)
      .addNode('bad', () => {
        throw new Error('Abort');
      })
      .addEdge(START, 'bad')
      .compile();
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({})).rejects.toThrow('Abort');
    const trace = await only(traced);
    expect(trace).toMatchObject({ outcome: 'error', error: { name: 'Error', message: 'Abort' } });
    expect(trace.spans.find((span) => span.id === trace.failingSpanId)?.name).toBe('bad');
  });

  it('tells a time limit from a caller who left by the node, where only the handler is attached', async () => {
    for (const [reason, outcome] of [
      [new DOMException('too slow', 'TimeoutError'), 'error'],
      [new Error('client went away'), 'cancelled'],
    ] as const) {
      const traced = traceWith(waiting());
      const controller = new AbortController();
      const run = waiting().invoke({}, { signal: controller.signal, callbacks: [traced.tracer.handler] });
      setImmediate(() => controller.abort(reason));
      await expect(run).rejects.toThrow();
      expect((await only(traced)).outcome).toBe(outcome);
    }
  });

  it("is error when a node's own request is aborted", async () => {
    const graph = new StateGraph(State)
      .addNode('fetch', async () => {
        await fetch('http://127.0.0.1:9', { signal: AbortSignal.abort() });
        return {};
      })
      .addEdge(START, 'fetch')
      .compile();
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({})).rejects.toThrow();
    const trace = await only(traced);
    expect(trace).toMatchObject({ outcome: 'error', error: { name: 'AbortError' } });
    expect(outcomeOf(trace, 'fetch')).toBe('error');
  });

  it('is drained when the run was asked to stop at a step', async () => {
    const control = new RunControl();
    const graph = new StateGraph(State)
      .addNode('a', () => {
        control.requestDrain('deploy');
        return { log: ['a'] };
      })
      .addNode('b', () => ({ log: ['b'] }))
      .addEdge(START, 'a')
      .addEdge('a', 'b')
      .compile({ checkpointer: new MemorySaver() });
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({}, { control, configurable: { thread_id: 't' } })).rejects.toThrow();
    const trace = await only(traced);
    expect(trace.outcome).toBe('drained');
    expect(trace.error).toBeUndefined();
  });

  it('blames the branch that failed, and shows its siblings as cancelled', async () => {
    const graph = new StateGraph(State)
      .addNode('bad', async () => {
        await delay(2);
        throw new RangeError('bad branch');
      })
      .addNode('slow', untilAborted)
      .addEdge(START, 'bad')
      .addEdge(START, 'slow')
      .addEdge('bad', END)
      .compile();
    const traced = traceWith(graph);
    await expect(traced.graph.invoke({})).rejects.toThrow('bad branch');
    const trace = await only(traced);
    expect(trace.outcome).toBe('error');
    expect(trace.spans.find((span) => span.id === trace.failingSpanId)?.name).toBe('bad');
    expect(outcomeOf(trace, 'slow')).toBe('cancelled');
  });
});
