import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
import { OtelHub } from '../otel-hub.ts';
import { type SdkResource, SluicegateSpanProcessor, type SluicegateSpanProcessorOptions } from './index.ts';
import { SpanContexts } from './span-contexts.ts';

afterEach(() => {
  trace.disable();
  context.disable();
});

/** An SDK with the processor in it, and contexts inside graph runs whose roots are named. */
function sdk(options: SluicegateSpanProcessorOptions & { sampler?: Sampler } = {}) {
  const { sampler, ...rest } = options;
  const hub = new OtelHub();
  hub.addRuns({ find: (rootId) => ({ rootId }) });
  const memory = new InMemorySpanExporter();
  // It would forget its spans.
  memory.shutdown = async () => {};
  const processor = new SluicegateSpanProcessor(new SimpleSpanProcessor({ exporter: memory }), {
    hub,
    ...rest,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [processor],
    ...(sampler === undefined ? {} : { sampler }),
  });
  trace.setGlobalTracerProvider(provider);
  const runs = new SpanContexts(hub);
  const tracer = provider.getTracer('app');
  const inRun = (rootId: string): Context => runs.of(rootId)!.over(ROOT_CONTEXT);
  return {
    hub,
    processor,
    provider,
    tracer,
    inRun,
    record: (rootId: string, name: string) => tracer.startSpan(name, {}, inRun(rootId)).end(),
    names: () => memory.getFinishedSpans().map((span) => span.name),
  };
}

const NONE = { held: 0, aside: 0, kept: 0, dropped: 0, givenUp: 0, undecided: 0 };

describe('the span processor', () => {
  it('passes spans outside of a graph through at once', () => {
    const { tracer, names } = sdk();
    tracer.startSpan('request', {}, ROOT_CONTEXT).end();
    expect(names()).toEqual(['request']);
  });

  it('holds what belongs to a run, at any depth, until the run is decided', () => {
    const { tracer, inRun, hub, names } = sdk();
    const outer = tracer.startSpan('outer', {}, inRun('r1'));
    tracer.startSpan('inner', {}, trace.setSpan(inRun('r1'), outer)).end();
    outer.end();
    expect(names()).toEqual([]);
    hub.decisions.decide('r1', 'keep');
    expect(names()).toEqual(['inner', 'outer']);
  });

  it('lets go of a span that was started as a root of its own', () => {
    const { tracer, inRun, names } = sdk();
    tracer.startSpan('job', { root: true }, inRun('r1')).end();
    expect(names()).toEqual(['job']);
  });

  it('passes on the run with the most spans when too many wait, and goes on holding the others', () => {
    const { record, processor, hub, names } = sdk({ maxHeldSpans: 3 });
    record('small', 'a');
    for (const name of ['b', 'c', 'd']) record('big', name);
    expect(names()).toEqual(['b', 'c', 'd']);
    expect(processor.counts).toEqual({ ...NONE, held: 1, undecided: 3 });
    hub.decisions.decide('small', 'drop');
    hub.decisions.decide('big', 'drop');
    record('big', 'late');
    expect(names()).toEqual(['b', 'c', 'd']);
    expect(processor.counts).toEqual({ ...NONE, dropped: 2, undecided: 3 });
  });

  it('passes on what waits when the SDK shuts down, and takes no part any more', async () => {
    const { record, provider, processor, hub, names } = sdk();
    expect([hub.hasSink, hub.holdsSpans]).toEqual([true, true]);
    record('r1', 'a');
    await provider.shutdown();
    await processor.shutdown();
    expect(names()).toEqual(['a']);
    expect([hub.hasSink, hub.holdsSpans]).toEqual([false, false]);
    expect(processor.counts).toMatchObject({ held: 0, undecided: 1 });
  });

  it('holds the spans of a run that was dropped for as long as it can be kept, also those that end late', () => {
    const { record, processor, hub, names } = sdk();
    for (const run of ['kept', 'dropped']) {
      record(run, `${run} early`);
      hub.decisions.decide(run, 'aside');
      record(run, `${run} late`);
    }
    record('begun late', 'x');
    hub.decisions.decide('later', 'aside');
    record('later', 'y');
    expect(names()).toEqual([]);
    expect(processor.counts).toEqual({ ...NONE, held: 1, aside: 5 });
    hub.decisions.decide('kept', 'keep');
    hub.decisions.decide('dropped', 'drop');
    for (const run of ['kept', 'dropped']) record(run, `${run} last`);
    expect(names()).toEqual(['kept early', 'kept late', 'kept last']);
    expect(processor.counts).toEqual({ ...NONE, held: 1, aside: 1, kept: 3, dropped: 3 });
  });

  it('gives up the run that was dropped first when too many spans are held, before it passes one on undecided', () => {
    const { record, processor, hub, names } = sdk({ maxHeldSpans: 3 });
    const lost: unknown[] = [];
    hub.addRuns({ find: () => undefined, noteLostSpans: (...said) => lost.push(said) });
    for (const name of ['a', 'b']) record('first', name);
    hub.decisions.decide('first', 'aside');
    record('second', 'c');
    hub.decisions.decide('second', 'aside');
    record('running', 'd');
    expect(processor.counts).toEqual({ ...NONE, held: 1, aside: 1, dropped: 2, givenUp: 2 });
    expect(lost).toEqual([['first', 2]]);
    hub.decisions.decide('first', 'keep');
    hub.decisions.decide('second', 'keep');
    expect(names()).toEqual(['c']);
    for (const name of ['e', 'f', 'g']) record('running', name);
    expect(names()).toEqual(['c', 'd', 'e', 'f', 'g']);
    expect(processor.counts).toEqual({ ...NONE, kept: 1, dropped: 2, givenUp: 2, undecided: 4 });
  });

  it('passes on nothing of a dropped run when the SDK shuts down', async () => {
    const { record, provider, processor, hub, names } = sdk();
    record('dropped', 'a');
    hub.decisions.decide('dropped', 'aside');
    record('running', 'b');
    await provider.shutdown();
    hub.decisions.decide('dropped', 'keep');
    expect(names()).toEqual(['b']);
    expect(processor.counts).toEqual({ ...NONE, dropped: 1, undecided: 1 });
  });

  it('knows the resource of the SDK without a span having passed, and records none to learn it', () => {
    const { hub, names } = sdk();
    const seen: unknown[] = [];
    hub.emit((resource) => {
      seen.push(resource as SdkResource);
      return [];
    });
    expect(seen).toMatchObject([{ attributes: { 'service.name': 'shop' } }]);
    expect(names()).toEqual([]);
  });

  it('does without where nothing is sampled, unless it is given one', () => {
    const resources: unknown[] = [];
    const note = (resource: unknown) => {
      resources.push(resource);
      return [];
    };
    sdk({ sampler: new AlwaysOffSampler() }).hub.emit(note);
    const own = { attributes: { 'service.name': 'mine' } };
    sdk({ sampler: new AlwaysOffSampler(), resource: own }).hub.emit(note);
    expect(resources).toEqual([{ attributes: {} }, own]);
  });

  it('refuses what is no processor and a limit that is none', () => {
    const code = expect.objectContaining({ code: 'SPAN_PROCESSOR_INVALID' });
    expect(() => new SluicegateSpanProcessor(undefined as never)).toThrow(code);
    const inner = new SimpleSpanProcessor({ exporter: new InMemorySpanExporter() });
    const options = (given: unknown) => () => new SluicegateSpanProcessor(inner, given as never);
    for (const maxHeldSpans of [0, -1, 1.5, Number.NaN]) {
      expect(options({ maxHeldSpans })).toThrow(code);
    }
    const wrong = [null, 5, { maxHeldSpan: 5 }, { graphSpans: 'no' }, { resource: 'shop' }, { hub: {} }];
    for (const given of wrong) expect(options(given)).toThrow(code);
    const resource = resourceFromAttributes({ 'service.name': 'shop' });
    expect(options({ maxHeldSpans: 5, graphSpans: false, resource, hub: new OtelHub() })).not.toThrow();
    expect(options({ maxHeldSpan: 5 })).toThrow(/^SluicegateSpanProcessor: options: has no "maxHeldSpan"\.$/);
  });
});

describe('the flags of a run', () => {
  const parentSpan = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 0 };

  it('are those of the caller, unless somebody holds the spans until the decision', () => {
    const hub = new OtelHub();
    hub.addRuns({ find: (rootId) => ({ rootId, ...(rootId === 'alone' ? {} : { parentSpan }) }) });
    const flags = (rootId: string) => new SpanContexts(hub).of(rootId)?.span.spanContext().traceFlags;
    expect([flags('alone'), flags('called')]).toEqual([1, 0]);
    const leave = hub.addHolder();
    expect([flags('alone'), flags('called')]).toEqual([1, 1]);
    leave();
    leave();
    expect(flags('called')).toBe(0);
  });
});
