import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { otelSpanId, otelTraceId } from '../otel/index.ts';
import type { RawSpan, RawTrace } from '../recording/raw-trace.ts';
import { compilePrivacy, NO_REDACTION, type PrivacyOptions } from '../redaction/index.ts';
import { PrivateView, visibleTraceState } from './private-view.ts';

const OPEN: PrivacyOptions = {
  hideInputs: false,
  hideOutputs: false,
  hideMetadata: false,
  keepErrorMessages: false,
  redact: false,
};
const TASK = '0199a000-0000-7000-8000-000000000001';

function span(fields: Partial<RawSpan>): RawSpan {
  return {
    id: 'root',
    parentId: 'root',
    name: 'canary',
    type: 'chain',
    inputs: undefined,
    outputs: undefined,
    metadata: {},
    tags: [],
    startTimeMs: 0,
    endTimeMs: 1,
    thrown: undefined,
    failed: false,
    outcome: 'success',
    events: [],
    payloadsReleased: false,
    ...fields,
  };
}

function viewOf(options: Partial<PrivacyOptions>, root: RawSpan, ...spans: RawSpan[]) {
  const trace: RawTrace = {
    root,
    spans: [root, ...spans],
    checkpointId: undefined,
    resumedFrom: undefined,
    interrupted: false,
    suspicious: false,
    sizeBytes: 0,
    spansDropped: 0,
  };
  return new PrivateView(
    trace,
    compilePrivacy({ ...OPEN, ...options }, () => {}),
  );
}

const root = span({ id: 'root', parentId: undefined, type: 'graph', ownName: 'agent' });
const node = span({ id: 'node', type: 'node', metadata: { langgraph_node: 'work' } });

describe('the name of a span where metadata is hidden', () => {
  it.each<[string, Partial<RawSpan>, string]>([
    ['that of its node', { type: 'node', metadata: { langgraph_node: 'work' } }, 'work'],
    ['for a subgraph that of its node', { type: 'graph', metadata: { langgraph_node: 'work' } }, 'work'],
    ['for a graph in no node its type', { type: 'graph', metadata: { langgraph_node: 'canary' } }, 'graph'],
    ['for a model its class', { type: 'llm', className: 'ChatOpenAI' }, 'ChatOpenAI'],
    ['for a chain its class', { className: 'RunnableLambda' }, 'RunnableLambda'],
    [
      'for a subgraph its own',
      { type: 'graph', ownName: 'sub', metadata: { langgraph_node: 'work' } },
      'sub',
    ],
    ['for a tool its own', { type: 'tool', ownName: 'look_up', className: 'DynamicTool' }, 'look_up'],
    [
      'for a tool whose own is not known its class',
      { type: 'tool', name: 'canary', className: 'Tool' },
      'Tool',
    ],
    [
      'for a tool called anything else its class',
      { type: 'tool', ownName: 'of canary', className: 'DynamicTool' },
      'DynamicTool',
    ],
    ['for what langsmith reports its type', { type: 'tool' }, 'tool'],
  ])('is %s', (_what, fields, name) => {
    const one = span({ id: 'one', ...fields });
    expect(viewOf({ hideMetadata: true }, root, node, one).name(one)).toBe(name);
    expect(viewOf({}, root, node, one).name(one)).toBe(one.name);
  });

  it('is for the root the name that the graph was compiled with', () => {
    expect(viewOf({ hideMetadata: true }, root).name(root)).toBe('agent');
    const { ownName: _unknown, ...unnamed } = root;
    expect(viewOf({ hideMetadata: true }, unnamed).name(unnamed)).toBe('graph');
  });

  it('is as before in other places', () => {
    const view = viewOf({ hideMetadata: [{ node: 'work' }] }, root, node);
    expect([view.name(root), view.name(node)]).toEqual(['canary', 'work']);
  });
});

describe('facts of a span that are made of metadata', () => {
  const facts = {
    langgraph_node: 'canary',
    langgraph_step: 5,
    langgraph_checkpoint_ns: `canary:${TASK}`,
  };

  it('are only those that LangGraph gave to a node of the trace, where metadata is hidden', () => {
    const inside = span({
      id: 'inside',
      model: 'canary',
      metadata: {
        ...facts,
        langgraph_node: 'work',
        langgraph_checkpoint_ns: `work:${TASK}|work:${TASK}`,
      },
    });
    const forged = span({ id: 'forged', metadata: facts });
    const view = viewOf({ hideMetadata: true }, root, node, inside, forged);
    const of = (one: RawSpan) => [view.node(one), view.step(one), view.checkpointNs(one), view.model(one)];
    expect(of(inside)).toEqual(['work', 5, `work:${TASK}|work:${TASK}`, undefined]);
    expect(of(forged)).toEqual([undefined, undefined, undefined, undefined]);
    const open = viewOf({}, root, node, forged);
    expect([open.node(forged), open.step(forged), open.checkpointNs(forged)]).toEqual([
      'canary',
      5,
      `canary:${TASK}`,
    ]);
  });

  it('name a model that has a price in the options, and what metrics say of a span', () => {
    const model = span({ id: 'model', type: 'llm', className: 'ChatOpenAI', model: 'gpt-4.1' });
    const ofCaller = span({ id: 'private', type: 'llm', className: 'ChatOpenAI', model: 'canary' });
    const options = { hideMetadata: true, prices: { 'gpt-4.1': {} } };
    const view = viewOf(options, root, node, model, ofCaller);
    expect([view.model(model), view.model(ofCaller)]).toEqual(['gpt-4.1', undefined]);
    expect([root, node, model, ofCaller].map((one) => view.label(one))).toEqual([
      'agent',
      'work',
      'gpt-4.1',
      'ChatOpenAI',
    ]);
    const open = viewOf({}, root, node, model, ofCaller);
    expect([root, node, ofCaller].map((one) => open.label(one))).toEqual(['agent', 'work', 'canary']);
  });

  it('hides the names of custom events and the ids of tool calls with what they belong to', () => {
    const tool = span({ id: 'tool', type: 'tool', toolCallId: 'canary' });
    const names = ['first_token', 'interrupt', 'resume', 'canary'];
    for (const [options, id, custom] of [
      [{ hideInputs: true }, undefined, 'canary'],
      [{ hideOutputs: true }, undefined, 'event'],
      [{ hideMetadata: true }, 'canary', 'canary'],
    ] as const) {
      const view = viewOf(options, root, tool);
      expect(view.toolCallId(tool)).toBe(id);
      expect(names.map((name) => view.eventName(tool, { name, timeMs: 0 }))).toEqual([
        ...names.slice(0, 3),
        custom,
      ]);
    }
  });
});

describe('ids', () => {
  it('that are UUIDs stay, and others become UUIDs with the same OpenTelemetry ids', () => {
    const view = viewOf({ hideMetadata: true }, root);
    fc.assert(fc.property(fc.uuid(), (id) => view.id(id) === id));
    fc.assert(
      fc.property(fc.string(), (id) => {
        const hidden = view.id(id);
        expect(hidden).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        expect([otelTraceId(hidden), otelSpanId(hidden)]).toEqual([otelTraceId(id), otelSpanId(id)]);
      }),
    );
  });

  it('stay where nothing is hidden, unless a rule finds something in them', () => {
    expect(viewOf({}, root).id('order 7')).toBe('order 7');
    const view = viewOf({ redact: ['email'] }, root);
    expect(view.id('order 7')).toBe('order 7');
    const sha = createHash('sha256').update('of bob@example.com').digest('hex');
    expect(view.id('of bob@example.com').replaceAll('-', '')).toBe(sha.slice(0, 32));
  });
});

describe('tracestate', () => {
  it('keeps what it says of sampling alone, where metadata is hidden', () => {
    const hides = { hides: true, redaction: NO_REDACTION };
    expect(visibleTraceState('vendor=canary', hides)).toBeUndefined();
    expect(visibleTraceState('ot=th:c;rv:00000000000001;x:canary,vendor=canary', hides)).toBe(
      'ot=th:c;rv:00000000000001',
    );
    expect(visibleTraceState('vendor=canary', { ...hides, hides: false })).toBe('vendor=canary');
  });

  it('does so too where a rule finds something in it', () => {
    const { redaction } = compilePrivacy({ ...OPEN, redact: ['email'] }, () => {});
    expect(visibleTraceState('ot=th:c,v=bob@example.com', { hides: false, redaction })).toBe('ot=th:c');
    expect(visibleTraceState('ot=th:c,v=bob', { hides: false, redaction })).toBe('ot=th:c,v=bob');
  });
});
