import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as semconv from '@opentelemetry/semantic-conventions/incubating';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyTrace } from '../../../../test/support/any-trace.ts';
import { makeSpan, makeTrace, runId } from '../../../../test/support/traces.ts';
import { OUTCOMES, type Span, type Trace } from '../../../core/index.ts';
import { otelSpanId, otelTraceId } from '../../otel/index.ts';
import {
  ERROR,
  GENAI,
  isKnownProvider,
  OPERATION,
  providerName,
  SEMCONV_VERSION,
} from './genai-attributes.ts';
import { type LinkedTrace, toOtelSpans } from './index.ts';

const root = runId(1);
const map = (trace: LinkedTrace, captureContent = false) =>
  toOtelSpans(trace, { resource: { attributes: {} }, captureContent });
const one = (fields: Partial<Span>, captureContent = false) => {
  const spans = [makeSpan({ id: root }), makeSpan({ id: runId(2), parentId: root, ...fields })];
  return map(makeTrace({ id: root, spans }), captureContent)[1]!;
};
const message = (kind: string, kwargs: Record<string, unknown>) => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain_core', 'messages', kind],
  kwargs,
});

describe('the pinned semantic conventions', () => {
  it('are those of the installed package, name by name', () => {
    const main = createRequire(import.meta.url).resolve('@opentelemetry/semantic-conventions');
    const manifest = JSON.parse(readFileSync(join(main, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(manifest.version).toBe(SEMCONV_VERSION);
    const published = new Set<unknown>(Object.values(semconv).filter((value) => typeof value === 'string'));
    for (const name of [...Object.values(GENAI), ...Object.values(ERROR), ...Object.values(OPERATION)]) {
      expect(published, name).toContain(name);
    }
    const providers = [
      'azure',
      'google_genai',
      'google_vertexai',
      'amazon_bedrock',
      'mistralai',
      'xai',
      'ibm',
    ];
    for (const provider of [...providers, 'openai', 'anthropic', 'groq']) {
      expect(published, provider).toContain(providerName(provider));
    }
    expect(providerName('constructor')).toBe('constructor');
    const known = Object.entries(semconv).filter(([name]) => name.startsWith('GEN_AI_PROVIDER_NAME_VALUE_'));
    expect(known.length).toBeGreaterThan(10);
    for (const [name, value] of known) expect(isKnownProvider(String(value)), name).toBe(true);
    expect(isKnownProvider('acme')).toBe(false);
  });
});

describe('a trace as OpenTelemetry spans', () => {
  it('has the ids of its runs, and parents that lead to the root', () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const spans = map(trace);
        expect(spans).toHaveLength(trace.spans.length);
        const ids = new Set(spans.map((span) => span.spanContext().spanId));
        for (const [index, span] of spans.entries()) {
          expect(span.spanContext().traceId).toBe(otelTraceId(trace.id));
          expect(span.spanContext().spanId).toBe(otelSpanId(trace.spans[index]!.id));
          expect(span.attributes['sluicegate.run_id']).toBe(trace.spans[index]!.id);
          const parent = span.parentSpanContext?.spanId;
          if (parent !== undefined) expect(ids.has(parent) || parent === otelSpanId(trace.id)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('lies inside the request that the graph was called from', () => {
    const parentSpan = {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      isRemote: true,
      traceState: 'ot=th:8,x=1',
    };
    const [span] = map({ ...makeTrace({ id: root }), parentSpan });
    expect(span!.spanContext()).toMatchObject({
      traceId: parentSpan.traceId,
      spanId: otelSpanId(root),
      traceFlags: 1,
    });
    expect(span!.spanContext().traceState?.serialize()).toBe('ot=th:8,x=1');
    expect(span!.spanContext().traceState?.get('x')).toBe('1');
    expect(span!.parentSpanContext).toMatchObject({ spanId: parentSpan.spanId, isRemote: true });
    expect(span!.attributes['sluicegate.root_run_id']).toBe(root);
  });

  it('hangs a span whose parent was left out on the root', () => {
    expect(one({ parentId: runId(77) }).parentSpanContext?.spanId).toBe(otelSpanId(root));
  });

  it('keeps fractions of a millisecond', () => {
    const span = one({ startTimeMs: 1_700_000_000_123.25, endTimeMs: 1_700_000_001_000 });
    expect(span.startTime).toEqual([1_700_000_000, 123_250_000]);
    expect(span.endTime).toEqual([1_700_000_001, 0]);
    expect(span.duration).toEqual([0, 876_750_000]);
    expect(one({ startTimeMs: 0, endTimeMs: 1999.9999999 }).endTime).toEqual([2, 0]);
  });

  it.each([
    [{ type: 'graph', name: 'support' }, 'invoke_agent support', 0],
    [{ type: 'llm', name: 'ChatOpenAI', model: 'gpt-x' }, 'chat gpt-x', 2],
    [{ type: 'llm', name: 'OpenAI', metadata: { ls_model_type: 'llm' } }, 'text_completion OpenAI', 2],
    [{ type: 'tool', name: 'lookup' }, 'execute_tool lookup', 0],
    [{ type: 'retriever', name: 'docs' }, 'retrieval docs', 2],
    [{ type: 'node', name: 'agent' }, 'agent', 0],
  ] as const)('names %j %s', (fields, name, kind) => {
    expect(one(fields)).toMatchObject({ name, kind });
  });

  it('says of a model call what was asked for, what answered and how long the first token took', () => {
    const span = one({
      type: 'llm',
      model: 'gpt-x',
      metadata: { ls_provider: 'azure', ls_temperature: 0.2, ls_max_tokens: 99, ls_stop: ['END'] },
      startTimeMs: 1_000,
      events: [{ name: 'first_token', timeMs: 1_250 }],
      usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 },
      outputs: {
        generations: [
          [
            {
              text: 'hi',
              message: message('AIMessageChunk', {
                content: 'hi',
                id: 'chatcmpl-1',
                response_metadata: { model_name: 'gpt-x-2026', finish_reason: 'length' },
              }),
            },
          ],
        ],
      },
    });
    expect(span.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'azure.ai.openai',
      'gen_ai.request.model': 'gpt-x',
      'gen_ai.request.temperature': 0.2,
      'gen_ai.request.max_tokens': 99,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.response.model': 'gpt-x-2026',
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.finish_reasons': ['length'],
      'gen_ai.response.time_to_first_chunk': 0.25,
      'gen_ai.usage.input_tokens': 7,
      'gen_ai.usage.output_tokens': 3,
    });
  });

  it("carries the decision, the thread and the caller's metadata", () => {
    const trace = makeTrace({ id: root, threadId: 't-1', decision: { reason: 'sampled', weight: 10 } });
    const span = makeSpan({
      id: root,
      tags: ['vip'],
      metadata: {
        route: '/chat',
        langgraph_step: 1,
        ls_integration: 'langgraph',
        thread_id: 't-1',
        deep: { a: 1 },
      },
    });
    expect(map({ ...trace, spans: [span] })[0]!.attributes).toEqual({
      'sluicegate.run_id': root,
      'sluicegate.root_run_id': root,
      'sluicegate.type': 'graph',
      'sluicegate.outcome': 'success',
      'sluicegate.decision.reason': 'sampled',
      'sluicegate.decision.weight': 10,
      'sluicegate.tags': ['vip'],
      'sluicegate.metadata.route': '/chat',
      'gen_ai.conversation.id': 't-1',
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'support',
    });
  });
});

describe('outcomes', () => {
  const error = { name: 'TypeError', message: 'no', stack: 'TypeError: no\n    at x' };

  it.each(OUTCOMES)('%s is an error only if it is one', (outcome) => {
    const span = one({ outcome, error });
    const isError = outcome === 'error';
    expect(span.status).toEqual(isError ? { code: 2, message: 'no' } : { code: 0 });
    expect(span.attributes['error.type']).toBe(isError ? 'TypeError' : undefined);
    expect(span.attributes['sluicegate.outcome']).toBe(outcome);
    expect(span.events).toEqual(
      isError
        ? [
            {
              name: 'exception',
              time: [2, 0],
              attributes: {
                'exception.type': 'TypeError',
                'exception.message': 'no',
                'exception.stacktrace': error.stack,
              },
            },
          ]
        : [],
    );
  });
});

describe('content', () => {
  const secret = 'SECRET-CANARY';
  const full = (type: Span['type']): Partial<Span> => ({
    type,
    inputs: { messages: [[message('HumanMessage', { content: secret })]], input: secret, query: secret },
    outputs: {
      generations: [[{ text: secret, message: message('AIMessage', { content: secret }) }]],
      output: secret,
    },
    events: [{ name: 'note', timeMs: 1, data: secret }],
  });

  it.each(['graph', 'node', 'chain', 'llm', 'tool', 'retriever'] as const)(
    'of a %s leaves only if allowed',
    (type) => {
      expect(JSON.stringify(one(full(type)))).not.toContain(secret);
      const allowed = one(full(type), true);
      expect(JSON.stringify(allowed.attributes)).toContain(secret);
      expect(allowed.events[0]?.attributes).toEqual({ 'sluicegate.event.data': `"${secret}"` });
    },
  );

  it('of a model call is in the form of the conventions', () => {
    const span = one(
      {
        type: 'llm',
        inputs: {
          messages: [
            [
              message('SystemMessage', { content: 'Be kind.' }),
              message('HumanMessage', { content: [{ type: 'text', text: 'Where is it?' }] }),
              message('AIMessage', {
                content: '',
                tool_calls: [{ id: 'c1', name: 'lookup', args: { id: 7 } }],
              }),
              message('ToolMessage', { content: 'sent', tool_call_id: 'c1' }),
            ],
          ],
        },
        outputs: {
          generations: [[{ text: 'On its way.', message: message('AIMessage', { content: 'On its way.' }) }]],
        },
      },
      true,
    );
    expect(JSON.parse(String(span.attributes['gen_ai.input.messages']))).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'Be kind.' }] },
      { role: 'user', parts: [{ type: 'text', content: 'Where is it?' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'lookup', arguments: { id: 7 } }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'sent' }] },
    ]);
    expect(JSON.parse(String(span.attributes['gen_ai.output.messages']))).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'On its way.' }], finish_reason: 'stop' },
    ]);
  });

  it('of a graph over messages is what was asked and what was answered last', () => {
    const span = one(
      {
        type: 'graph',
        inputs: { messages: [['user', 'hi'], { role: 'user', content: 'there' }] },
        outputs: {
          messages: [message('HumanMessage', { content: 'hi' }), message('AIMessage', { content: 'hello' })],
        },
      },
      true,
    );
    expect(JSON.parse(String(span.attributes['gen_ai.input.messages']))).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'hi' }] },
      { role: 'user', parts: [{ type: 'text', content: 'there' }] },
    ]);
    expect(JSON.parse(String(span.attributes['gen_ai.output.messages']))).toMatchObject([
      { role: 'assistant' },
    ]);
  });

  it('of any recorded trace can be mapped', () => {
    fc.assert(
      fc.property(anyTrace, (trace: Trace) => {
        for (const { attributes } of map(trace, true)) {
          for (const value of Object.values(attributes)) {
            expect(['string', 'number', 'boolean', 'object']).toContain(typeof value);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
