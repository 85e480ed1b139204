import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyTrace } from '../../../../test/support/any-trace.ts';
import { makeSpan, makeTrace, runId } from '../../../../test/support/traces.ts';
import type { Outcome, Span } from '../../../core/index.ts';
import { parseDottedOrder } from './dotted-order.ts';
import { toLangSmithRuns } from './langsmith-run.ts';

const options = { project: 'shop' };
const ID = runId(1);

/** The run of a trace of one span. */
function runOf(fields: Partial<Span>) {
  const trace = makeTrace({ id: ID, spans: [makeSpan({ id: ID, ...fields })] });
  return toLangSmithRuns(trace, options)[0]!;
}

const metadataOf = (fields: Partial<Span>) => runOf(fields).extra['metadata'] as Record<string, unknown>;

describe('toLangSmithRuns', () => {
  it('places every run of any trace in one tree', () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const runs = toLangSmithRuns(trace, options);
        expect(runs).toHaveLength(trace.spans.length);
        for (const run of runs) {
          const place = parseDottedOrder(run.dotted_order);
          expect(place?.runId).toBe(run.id);
          expect(place?.traceId).toBe(run.trace_id);
          expect(run.trace_id).toBe(runs[0]!.trace_id);
          expect(run.dotted_order.split('.').at(-2)?.slice(-36)).toBe(run.parent_run_id);
          expect(run.end_time >= run.start_time).toBe(true);
          expect(() => JSON.stringify(run)).not.toThrow();
        }
      }),
    );
  });

  it('hangs a span whose parent is not there below the root', () => {
    const spans = [makeSpan({ id: ID }), makeSpan({ id: runId(2), parentId: runId(9) })];
    expect(toLangSmithRuns(makeTrace({ id: ID, spans }), options)[1]?.parent_run_id).toBe(ID);
  });

  it('gives a run named by the caller a UUID, the same each time, and keeps the name', () => {
    const trace = makeTrace({
      id: 'order-7',
      spans: [makeSpan({ id: 'order-7' }), makeSpan({ id: runId(2), parentId: 'order-7' })],
    });
    const [root, child] = toLangSmithRuns(trace, options);
    expect(root?.id).toMatch(/^[0-9a-f]{8}-/);
    expect(child).toMatchObject({ trace_id: root?.id, parent_run_id: root?.id });
    expect(root?.extra['metadata']).toMatchObject({ sluice_run_id: 'order-7' });
    expect(toLangSmithRuns(trace, options)[0]?.id).toBe(root?.id);
  });

  it.each<[Outcome, boolean]>([
    ['error', true],
    ['handled_error', false],
    ['interrupted', false],
    ['cancelled', false],
    ['drained', false],
    ['success', false],
  ])('shows %s as an error: %s', (outcome, isError) => {
    const run = runOf({ outcome, error: { name: 'RangeError', message: 'no order', stack: 'at x' } });
    expect(run.error).toBe(isError ? 'no order\n\nat x' : undefined);
    expect(run.events.map(({ name }) => name)).toEqual(['start', isError ? 'error' : 'end']);
    expect(run.extra['metadata']).toMatchObject({ sluice_outcome: outcome });
  });

  it('keeps the text of an error that was handled', () => {
    const error = { name: 'RangeError', message: 'no order' };
    expect(metadataOf({ outcome: 'handled_error', error })['sluice_handled_error']).toBe(
      'RangeError: no order',
    );
  });

  it('says why the trace was kept, and where it is linked, on the root alone', () => {
    const trace = makeTrace({
      id: ID,
      threadId: 'thread-1',
      checkpointId: 'cp-1',
      failingSpanId: runId(2),
      decision: { reason: 'error', weight: 1 },
      spans: [makeSpan({ id: ID }), makeSpan({ id: runId(2), parentId: ID })],
    });
    const [root, child] = toLangSmithRuns(trace, options);
    expect(root?.extra['metadata']).toEqual({
      thread_id: 'thread-1',
      sluice_outcome: 'success',
      sluice_decision_reason: 'error',
      sluice_decision_weight: 1,
      sluice_checkpoint_id: 'cp-1',
      sluice_failing_run_id: runId(2),
    });
    expect(child?.extra['metadata']).toEqual({ thread_id: 'thread-1', sluice_outcome: 'success' });
  });

  it('shows the arguments of a tool by name, and text as text', () => {
    expect(runOf({ type: 'tool', inputs: { input: '{"id":7}' } }).inputs).toEqual({ id: 7 });
    for (const input of ['plain', '{not json', '[1]', '7'])
      expect(runOf({ type: 'tool', inputs: { input } }).inputs).toEqual({ input });
  });

  it('wraps what is no object, and says when a payload is not whole', () => {
    expect(runOf({ inputs: 'in', outputs: [1] })).toMatchObject({
      inputs: { input: 'in' },
      outputs: { output: [1] },
    });
    expect(runOf({ outcome: 'interrupted' })).not.toHaveProperty('outputs');
    expect(runOf({}).outputs).toEqual({});
    expect(metadataOf({ gaps: [{ field: 'inputs', reason: 'hidden' }] })['sluice_gaps']).toEqual([
      'inputs: hidden',
    ]);
  });

  it('reports usage with its details, or the counts where the outputs are hidden', () => {
    const usage = { inputTokens: 3, outputTokens: 2, totalTokens: 5 };
    const message = (input: number) => ({
      message: {
        kwargs: {
          usage_metadata: {
            input_tokens: input,
            output_tokens: 1,
            total_tokens: input + 1,
            input_token_details: { cache_read: 1 },
          },
        },
      },
    });
    const outputs = { generations: [[message(2)], [message(5)]] };
    expect(metadataOf({ type: 'llm', outputs, usage })['usage_metadata']).toEqual({
      input_tokens: 7,
      output_tokens: 2,
      total_tokens: 9,
      input_token_details: { cache_read: 2 },
      output_token_details: {},
    });
    expect(metadataOf({ type: 'llm', usage })['usage_metadata']).toEqual({
      input_tokens: 3,
      output_tokens: 2,
      total_tokens: 5,
    });
    expect(metadataOf({ type: 'llm' })).not.toHaveProperty('usage_metadata');
  });

  it('turns the first token into the event that LangSmith measures by', () => {
    const events = [
      { name: 'first_token', timeMs: 1_500.5 },
      { name: 'interrupt', timeMs: 1_600, data: { status: 'pending' } },
    ];
    expect(runOf({ type: 'llm', events }).events.slice(1, -1)).toEqual([
      { name: 'new_token', time: '1970-01-01T00:00:01.500500Z' },
      { name: 'interrupt', time: '1970-01-01T00:00:01.600000Z', kwargs: { status: 'pending' } },
    ]);
  });
});
