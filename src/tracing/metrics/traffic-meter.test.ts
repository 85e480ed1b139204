import { setTimeout as delay } from 'node:timers/promises';
import { AIMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { describe, expect, it } from 'vitest';
import { CollectingExporter } from '../../../test/support/collecting-exporter.ts';
import { parsePrometheusText } from '../../../test/support/prometheus-text.ts';
import { resolveTraceOptions } from '../options/options.ts';
import type { TraceOptions } from '../options/options-schema.ts';
import { Tracer } from '../tracer.ts';
import type { TraceableGraph } from '../wrap.ts';
import { exposition } from './exposition.ts';
import { MetricsRegistry } from './registry.ts';

const State = Annotation.Root({ n: Annotation<number>() });

/** A graph whose runs are measured; `read` gives the samples of one metric as `labels -> value`. */
function measured<Graph extends TraceableGraph & { getName(): string }>(
  graph: Graph,
  options: TraceOptions = {},
) {
  const metrics = new MetricsRegistry();
  const exporter = new CollectingExporter();
  const tracer = new Tracer(resolveTraceOptions(options, {}, '/nowhere'), { exporter, metrics });
  return {
    graph: graph.withConfig({ callbacks: [tracer.handlerFor(graph.getName())] }) as unknown as Graph,
    tracer,
    exporter,
    read(name: string, suffix = '') {
      const family = parsePrometheusText(exposition(metrics.families())).get(name);
      const samples = family?.samples.filter((sample) => sample.name === `${name}${suffix}`) ?? [];
      return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
    },
  };
}

/** A model that answers with the usage given. */
class MeteredModel extends FakeListChatModel {
  override async _generate(...args: Parameters<FakeListChatModel['_generate']>) {
    const result = await super._generate(...args);
    for (const { message } of result.generations) {
      Object.assign(message, {
        usage_metadata: {
          input_tokens: 1_000,
          output_tokens: 200,
          total_tokens: 1_200,
        },
      });
    }
    return result;
  }
}

function modelGraph(name: string, modelName?: string) {
  const model = new MeteredModel({ responses: ['hello there'] });
  const called =
    modelName === undefined ? model : model.withConfig({ metadata: { ls_model_name: modelName } });
  return new StateGraph(MessagesAnnotation)
    .addNode('answer', async ({ messages }, config) => ({
      messages: [await called.invoke(messages, config)],
    }))
    .addEdge(START, 'answer')
    .compile({ name });
}

const question = { messages: [{ role: 'user', content: 'hi' }] };

describe('metrics of runs', () => {
  it('count every run by graph and outcome, also those that are not kept', async () => {
    const graph = new StateGraph(State)
      .addNode('work', ({ n }) => {
        if (n % 10 === 0) throw new Error('no');
        return { n };
      })
      .addEdge(START, 'work')
      .compile({ name: 'shop' });
    const { graph: traced, tracer, exporter, read } = measured(graph, { sampleRate: 0 });
    await Promise.all(Array.from({ length: 50 }, (_, n) => traced.invoke({ n }).catch(() => undefined)));
    await tracer.flush();
    expect(exporter.traces).toHaveLength(5);
    expect(read('sluicegate_runs_total')).toEqual({ 'shop success': 45, 'shop error': 5 });
    expect(read('sluicegate_run_duration_seconds', '_count')).toEqual({
      'shop success': 45,
      'shop error': 5,
    });
    // LangGraph's own first step is none of the graph's nodes.
    expect(read('sluicegate_node_runs_total')).toEqual({ 'shop work success': 45, 'shop work error': 5 });
    expect(read('sluicegate_node_duration_seconds', '_count')).toEqual({ 'shop work': 50 });
  });

  it('are named after the graph, whatever the caller calls the run', async () => {
    const inner = new StateGraph(State)
      .addNode('work', ({ n }) => ({ n }))
      .addEdge(START, 'work')
      .compile({ name: 'inner' });
    const outer = new StateGraph(State)
      .addNode('sub', inner)
      .addEdge(START, 'sub')
      .compile({ name: 'outer' });
    const { graph, read } = measured(outer);
    await graph.invoke({ n: 1 }, { runName: 'order of jane@example.com' });
    expect(read('sluicegate_runs_total')).toEqual({ 'outer success': 1 });
    expect(read('sluicegate_node_runs_total')).toEqual({ 'outer sub success': 1, 'outer work success': 1 });
  });

  it('measure seconds', async () => {
    const graph = new StateGraph(State)
      .addNode('slow', async () => {
        await delay(25);
        return {};
      })
      .addEdge(START, 'slow')
      .compile({ name: 'g' });
    const { graph: traced, read } = measured(graph);
    await traced.invoke({ n: 1 });
    const seconds = read('sluicegate_node_duration_seconds', '_sum')['g slow'];
    expect(seconds).toBeGreaterThan(0.02);
    expect(seconds).toBeLessThan(5);
    expect(read('sluicegate_node_duration_seconds', '_bucket')).toMatchObject({
      'g slow 0.02': 0,
      'g slow 5.12': 1,
    });
  });

  it('count an interrupt as one, and no error', async () => {
    const graph = new StateGraph(State)
      .addNode('ask', () => ({ n: Number(interrupt('sure?')) }))
      .addEdge(START, 'ask')
      .compile({ name: 'g', checkpointer: new MemorySaver() });
    const { graph: traced, read } = measured(graph);
    await traced.invoke({ n: 1 }, { configurable: { thread_id: 't' } });
    expect(read('sluicegate_runs_total')).toEqual({ 'g interrupted': 1 });
    expect(read('sluicegate_node_runs_total')).toEqual({ 'g ask interrupted': 1 });
  });

  it('count runs under way when the process stops as cancelled', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const graph = new StateGraph(State)
      .addNode('hang', async () => {
        await gate;
        return {};
      })
      .addEdge(START, 'hang')
      .compile({ name: 'g' });
    const { graph: traced, tracer, read } = measured(graph);
    const hanging = traced.invoke({ n: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    await tracer.shutdown();
    open();
    await hanging;
    expect(read('sluicegate_runs_total')).toEqual({ 'g cancelled': 1 });
  });
});

describe('metrics of tools', () => {
  it('count calls by tool and outcome', async () => {
    const lookup = tool(({ id }: { id: string }) => `order ${id}`, {
      name: 'lookup',
      description: 'x',
      schema: { type: 'object', properties: { id: { type: 'string' } } },
    });
    const broken = tool(
      () => {
        throw new Error('down');
      },
      { name: 'broken', description: 'x' },
    );
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('tools', new ToolNode([lookup, broken]))
      .addEdge(START, 'tools')
      .compile({ name: 'g' });
    const { graph: traced, read } = measured(graph);
    const calls = [
      { name: 'lookup', args: { id: '1' }, id: 'a' },
      { name: 'lookup', args: { id: '2' }, id: 'b' },
      { name: 'broken', args: {}, id: 'c' },
    ];
    await traced.invoke({ messages: [new AIMessage({ content: '', tool_calls: calls })] });
    expect(read('sluicegate_tool_calls_total')).toEqual({
      'g lookup success': 2,
      'g broken handled_error': 1,
    });
    expect(read('sluicegate_tool_call_duration_seconds', '_count')).toEqual({ 'g lookup': 2, 'g broken': 1 });
  });
});

describe('metrics of models', () => {
  it('count calls and tokens, and the cost of models that have a price', async () => {
    const prices = { 'fast-1': { inputPerMillion: 0.5, outputPerMillion: 10 } };
    const { graph, read } = measured(modelGraph('g', 'fast-1'), { prices });
    await graph.invoke(question);
    await graph.invoke(question);
    expect(read('sluicegate_model_calls_total')).toEqual({ 'g fast-1 success': 2 });
    expect(read('sluicegate_model_call_duration_seconds', '_count')).toEqual({ 'g fast-1': 2 });
    expect(read('sluicegate_tokens_total')).toEqual({ 'g fast-1 input': 2_000, 'g fast-1 output': 400 });
    expect(read('sluicegate_cost_dollars_total')['g fast-1']).toBeCloseTo(2 * (0.0005 + 0.002), 12);
    expect(read('sluicegate_unpriced_tokens_total')).toEqual({});
  });

  it('say which tokens the cost lacks, and measure no cost without prices', async () => {
    const prices = { other: { inputPerMillion: 1, outputPerMillion: 1 } };
    const priced = measured(modelGraph('g', 'constructor'), { prices });
    await priced.graph.invoke(question);
    expect(priced.read('sluicegate_unpriced_tokens_total')).toEqual({ 'g constructor': 1_200 });
    expect(priced.read('sluicegate_cost_dollars_total')).toEqual({});
    const plain = measured(modelGraph('g', 'constructor'));
    await plain.graph.invoke(question);
    expect(plain.read('sluicegate_tokens_total')).toMatchObject({ 'g constructor input': 1_000 });
    expect(plain.read('sluicegate_unpriced_tokens_total')).toEqual({});
  });

  it('measure the time to the first token of calls that stream', async () => {
    const { graph, read } = measured(modelGraph('g'));
    await graph.invoke(question);
    expect(read('sluicegate_model_time_to_first_token_seconds', '_count')).toEqual({});
    for await (const _chunk of await graph.stream(question, { streamMode: 'messages' }));
    expect(read('sluicegate_model_time_to_first_token_seconds', '_count')).toEqual({ 'g MeteredModel': 1 });
  });

  it('count the tokens of a run whose payloads had to be given up', async () => {
    const model = new MeteredModel({ responses: ['hello there'] });
    const twoSteps = new StateGraph(MessagesAnnotation)
      .addNode('answer', async ({ messages }, config) => ({
        messages: [await model.invoke(messages, config)],
      }))
      // What it is given takes memory, which the answer before it has to make room for.
      .addNode('after', () => ({}))
      .addEdge(START, 'answer')
      .addEdge('answer', 'after')
      .compile({ name: 'g' });
    const { graph, tracer, exporter, read } = measured(twoSteps, { maxBufferBytes: 1 });
    await graph.invoke(question);
    await tracer.flush();
    const call = exporter.traces[0]?.spans.find((span) => span.type === 'llm');
    expect(call).not.toHaveProperty('outputs');
    expect(call?.usage).toEqual({ inputTokens: 1_000, outputTokens: 200, totalTokens: 1_200 });
    expect(read('sluicegate_tokens_total')).toEqual({
      'g MeteredModel input': 1_000,
      'g MeteredModel output': 200,
    });
  });
});

describe('a metric that cannot be measured', () => {
  it('costs neither the run nor its trace, and is counted', async () => {
    const graph = new StateGraph(State)
      .addNode('work', ({ n }) => ({ n }))
      .addEdge(START, 'work')
      .compile({ name: 'g' });
    const metrics = new MetricsRegistry();
    metrics.add = () => {
      throw new Error('broken');
    };
    const exporter = new CollectingExporter();
    const logger = { warn: () => {}, error: () => {} };
    const tracer = new Tracer(resolveTraceOptions({}, {}, '/nowhere'), { exporter, metrics, logger });
    const traced = graph.withConfig({ callbacks: [tracer.handler] });
    expect(await traced.invoke({ n: 1 })).toEqual({ n: 1 });
    await tracer.flush();
    expect(exporter.traces).toHaveLength(1);
    expect(tracer.counters.snapshot().internal_errors).toEqual({ metrics: 1 });
  });
});
