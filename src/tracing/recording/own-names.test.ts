import { createRequire } from 'node:module';
import { StructuredTool, tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { START, StateGraph, StateSchema } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { traceWith } from '../../../test/support/trace-with.ts';
import { MetricsRegistry } from '../metrics/index.ts';
import type { TraceOptions } from '../options/options-schema.ts';
import type { TraceableGraph } from '../wrap.ts';

const State = new StateSchema({ x: z.string() });
const schema = z.object({ card: z.string() });

const pay = tool(async () => 'SECRET-OUT', { name: 'pay', description: 'd', schema });
/** LangChain itself calls it by its class. */
class Refund extends StructuredTool {
  override name = 'refund';
  override description = 'd';
  override schema = schema;
  protected override async _call() {
    return 'SECRET-REFUND';
  }
}
/** Of such a one callbacks are told what it pleases. */
class Stubborn extends Refund {
  override toJSON() {
    return this.toJSONNotImplemented();
  }
}
const sub = new StateGraph(State)
  .addNode('s', () => ({ x: 'SECRET-SUB' }))
  .addEdge(START, 's')
  .compile({ name: 'subby' });
const model = new FakeListChatModel({ responses: ['SECRET-MODEL'] });

/** Each call inside has a name that the call gave it. */
const graph = new StateGraph(State)
  .addNode('work', async (_state, config) => {
    const given = { ...config, runName: 'canarycall' };
    await pay.invoke({ card: 'SECRET-IN' }, given);
    await pay.withConfig({ runName: 'canarybound' }).invoke({ card: 'SECRET-IN' }, config);
    await new Refund().invoke({ card: 'SECRET-CARD' }, config);
    await sub.invoke({ x: 'SECRET-SUB' }, given);
    await model.invoke('SECRET-PROMPT', given);
    return { x: 'done' };
  })
  .addEdge(START, 'work')
  .compile({ name: 'main' });

async function recorded(options: TraceOptions, target: TraceableGraph = graph) {
  const metrics = new MetricsRegistry();
  const traced = traceWith(target, options, { metrics });
  await traced.graph.invoke({ x: 'a' }, { runName: 'canaryrun' });
  const traces = await traced.traces();
  return { traces, text: JSON.stringify(traces), metrics: JSON.stringify(metrics.families()) };
}

describe('the name that the code gave', () => {
  it('is what a place to hide means, whatever the call was named', async () => {
    const places = [{ tool: 'pay' }, { tool: 'refund' }, { graph: 'subby' }, { model: 'FakeListChatModel' }];
    const { text } = await recorded({ hideInputs: places, hideOutputs: places });
    expect(text).not.toContain('SECRET');
    expect(text).toContain('canarycall');
    const { text: other } = await recorded({ hideInputs: [{ tool: 'other' }] });
    expect(other).toContain('SECRET-IN');
  });

  it.each([{ tool: 'pay' }, { tool: 'refund' }, { graph: 'subby' }, { model: 'FakeListChatModel' }])(
    'is what a rule to keep means: %o',
    async (place) => {
      const keep = (wanted: object) => [{ type: 'path' as const, ...wanted, rate: 1 }];
      expect((await recorded({ sampleRate: 0, keep: keep(place) })).traces).toHaveLength(1);
      const [[field] = []] = Object.entries(place);
      const other = { [String(field)]: 'other' };
      expect((await recorded({ sampleRate: 0, keep: keep(other) })).traces).toHaveLength(0);
    },
  );

  it('is shown where metadata is hidden, and in metrics always', async () => {
    const { traces, text, metrics } = await recorded({ hideMetadata: true });
    expect(text).not.toContain('canary');
    expect(metrics).not.toContain('canary');
    expect(traces[0]?.spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['main', 'work', 'pay', 'refund', 'subby', 'FakeListChatModel']),
    );
    const open = await recorded({});
    expect(open.text).toContain('canarycall');
    for (const name of ['pay', 'refund', 'main']) expect(open.metrics).toContain(`"${name}"`);
  });

  it('hides what it may be where it is not known', async () => {
    const stubborn = new StateGraph(State)
      .addNode('work', async (_state, config) => {
        await new Stubborn().invoke({ card: 'SECRET-IN' }, { ...config, runName: 'canarycall' });
        return {};
      })
      .addEdge(START, 'work')
      .compile();
    const hide = { hideInputs: [{ tool: 'refund' }], hideOutputs: [{ tool: 'refund' }] };
    expect((await recorded(hide, stubborn)).text).not.toContain('SECRET');
    const keep = [{ type: 'path' as const, tool: 'refund', rate: 1 }];
    expect((await recorded({ sampleRate: 0, keep }, stubborn)).traces).toHaveLength(0);
  });

  it('is known of what CommonJS code has made', async () => {
    const require = createRequire(import.meta.url);
    const core = require('@langchain/core/tools') as typeof import('@langchain/core/tools');
    const langgraph = require('@langchain/langgraph') as typeof import('@langchain/langgraph');
    const look = core.tool(async () => 'SECRET', { name: 'look', description: 'd', schema });
    const compiled = new langgraph.StateGraph(State)
      .addNode('work', async (_state, config) => {
        await look.invoke({ card: 'SECRET' }, { ...config, runName: 'canarycall' });
        return {};
      })
      .addEdge(START, 'work')
      .compile({ name: 'common' });
    const { text, metrics } = await recorded(
      {
        hideInputs: [{ tool: 'look' }],
        hideOutputs: [{ tool: 'look' }],
      },
      compiled,
    );
    expect(text).not.toContain('SECRET');
    expect(metrics).toContain('"look"');
  });
});

describe('metrics of a model call where everything is hidden', () => {
  class Broken extends FakeListChatModel {
    override getLsParams(options: this['ParsedCallOptions']) {
      return { ...super.getLsParams(options), ls_provider: 'canaryprovider' };
    }
    override async _generate(): Promise<never> {
      throw Object.assign(new TypeError('canarymessage'), { name: 'canaryname' });
    }
  }

  async function operations(options: TraceOptions) {
    const metrics = new MetricsRegistry();
    const seen: object[] = [];
    metrics.watch((_metric, labels) => void seen.push(labels));
    const asking = new StateGraph(State)
      .addNode('ask', async (_state, config) => {
        await new Broken({ responses: [''] }).invoke('hi', config).catch(() => undefined);
        return {};
      })
      .addEdge(START, 'ask')
      .compile();
    const traced = traceWith(asking, options, { metrics });
    await traced.graph.invoke({ x: 'a' });
    return JSON.stringify(seen);
  }

  it('name the class of the error, and no provider that the conventions do not list', async () => {
    const shown = await operations({});
    expect(shown).toContain('canaryprovider');
    expect(shown).toContain('canaryname');
    const hidden = await operations({ hideInputs: true, hideOutputs: true, hideMetadata: true });
    expect(hidden).not.toContain('canary');
    expect(hidden).toContain('TypeError');
  });
});
