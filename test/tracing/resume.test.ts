import { Annotation, Command, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger, type Trace, traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { OtlpExporter, StoreExporter, type TraceExporter } from '../../src/tracing/exporters/index.ts';
import { toLangSmithRuns } from '../../src/tracing/exporters/langsmith/index.ts';
import { resolveTraceOptions } from '../../src/tracing/options/options.ts';
import type { TraceOptions } from '../../src/tracing/options/options-schema.ts';
import { OtelHub, otelSpanId, otelTraceId } from '../../src/tracing/otel/index.ts';
import { Tracer } from '../../src/tracing/tracer.ts';
import { otlpServer } from '../support/otlp-server.ts';
import { tempDir } from '../support/temp-dir.ts';

const State = Annotation.Root({ asked: Annotation<number>(), answer: Annotation<string>() });

let home: string;
let saver: MemorySaver;
let dir: Awaited<ReturnType<typeof tempDir>>;
beforeEach(async () => {
  dir = await tempDir();
  home = dir.path;
  saver = new MemorySaver();
});
afterEach(() => dir[Symbol.asyncDispose]());

/** What a process has that traces the graph: its checkpoints and its home are everybody's. */
function startProcess(options: TraceOptions = {}, more: readonly TraceExporter[] = []) {
  const tracer = new Tracer(resolveTraceOptions({ ...options, home }, {}, '/nowhere'), {
    logger: silentLogger,
    otel: new OtelHub(),
    exporters: [new StoreExporter(traceStorePath(home)), ...more],
  });
  const graph = new StateGraph(State)
    .addNode('ask', () => ({ answer: interrupt<string, string>('really?') }))
    .addNode('again', () => ({ answer: interrupt<string, string>('really, really?') }))
    .addEdge(START, 'ask')
    .addEdge('ask', 'again')
    .compile({ name: 'approval', checkpointer: saver })
    .withConfig({ callbacks: [tracer.handler] });
  const on = (thread: string, runId?: string) => ({
    configurable: { thread_id: thread },
    ...(runId === undefined ? {} : { runId }),
  });
  return {
    tracer,
    ask: (thread: string, runId?: string) => graph.invoke({ asked: 1 }, on(thread, runId)),
    resume: (thread: string, runId?: string) =>
      graph.invoke(new Command({ resume: 'yes' }), on(thread, runId)),
  };
}

async function stored(): Promise<readonly Trace[]> {
  const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
  try {
    const ids = (await store.list({ limit: 10_000 })).map(({ id }) => id).reverse();
    const found = await Promise.all(ids.map((id) => store.find(id)));
    return found.flatMap((lookup) => (lookup.kind === 'found' ? [lookup.trace] : []));
  } finally {
    await store.close();
  }
}

describe('a resume', () => {
  it('is linked to its interrupt in the same process', async () => {
    const { tracer, ask, resume } = startProcess();
    await ask('t');
    await resume('t');
    await tracer.shutdown();
    const [asked, resumed] = await stored();
    expect(asked).toMatchObject({ outcome: 'interrupted' });
    expect(asked?.resumedFrom).toBeUndefined();
    expect(resumed?.resumedFrom).toEqual({
      checkpointId: asked?.checkpointId,
      runId: asked?.id,
      otelTraceId: otelTraceId(asked!.id),
    });
  });

  it('is linked to its interrupt in a process that has ended, in every exporter', async () => {
    await using server = await otlpServer();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', server.url);
    const first = startProcess();
    await first.ask('t');
    await first.tracer.shutdown();
    const second = startProcess({}, [new OtlpExporter({ hub: new OtelHub() })]);
    await second.resume('t');
    await second.tracer.shutdown();
    vi.unstubAllEnvs();

    const [asked, resumed] = await stored();
    expect(resumed?.resumedFrom).toMatchObject({ checkpointId: asked?.checkpointId, runId: asked?.id });
    const root = server.spans.find(({ parentSpanId }) => parentSpanId === undefined);
    expect(root?.links).toMatchObject([
      {
        traceId: otelTraceId(asked!.id),
        spanId: otelSpanId(asked!.id),
        attributes: { 'sluicegate.resumed_from.run_id': asked?.id },
      },
    ]);
    expect(server.spans.filter(({ links }) => links.length > 0)).toHaveLength(1);
    const [run, ...others] = toLangSmithRuns(resumed!, { project: 'p' });
    expect(run?.extra['metadata']).toMatchObject({
      sluice_resumed_from_run_id: asked?.id,
      sluice_resumed_from_checkpoint_id: asked?.checkpointId,
    });
    expect(JSON.stringify(others)).not.toContain('sluice_resumed_from');
  });

  it('shares the recorded decision of its interrupt, whatever its own would be', async () => {
    const first = startProcess({ keep: [{ type: 'outcome', outcomes: ['interrupted'] }], sampleRate: 0 });
    await first.ask('t');
    await first.tracer.shutdown();
    const second = startProcess({ sampleRate: 0 });
    await second.resume('t');
    await second.tracer.shutdown();
    const third = startProcess({ sampleRate: 0 });
    await third.resume('t');
    await third.tracer.shutdown();
    expect((await stored()).map(({ outcome, decision }) => [outcome, decision.reason])).toEqual([
      ['interrupted', 'outcome:interrupted'],
      ['interrupted', 'outcome:interrupted'],
      ['success', 'outcome:interrupted'],
    ]);
  });

  it('is kept or dropped together with an interrupt of which nothing was recorded', async () => {
    // The home of each is its own: nothing of the other can be found.
    const sides: Set<string>[] = [];
    const threads = Array.from({ length: 40 }, (_, at) => `t${at}`);
    for (const step of ['ask', 'resume'] as const) {
      await using own = await tempDir();
      home = own.path;
      const { tracer, ...run } = startProcess({ sampleRate: 0.5 });
      for (const thread of threads) await run[step](thread);
      await tracer.shutdown();
      const kept = (await stored()).filter(({ decision }) => decision.weight === 2);
      sides.push(new Set(kept.map(({ threadId }) => threadId ?? '')));
    }
    const [asked, resumed] = sides;
    expect(resumed).toEqual(asked);
    expect(asked?.size).toBeGreaterThan(5);
    expect(asked?.size).toBeLessThan(35);
  });

  it('waits for no store that cannot be read, and has its checkpoint all the same', async () => {
    const first = startProcess();
    await first.ask('t');
    await first.tracer.shutdown();
    const broken: TraceExporter = {
      name: 'broken',
      export: async () => ({ kind: 'success' }),
      findInterrupted: async () => {
        throw new Error('no disk');
      },
      close: async () => {},
    };
    const traces: Trace[] = [];
    const tracer = new Tracer(resolveTraceOptions({}, {}, '/nowhere'), {
      logger: silentLogger,
      otel: new OtelHub(),
      exporter: {
        ...broken,
        export: async (batch) => {
          traces.push(...batch);
          return { kind: 'success' };
        },
      },
    });
    const graph = new StateGraph(State)
      .addNode('ask', () => ({ answer: interrupt<string, string>('really?') }))
      .addEdge(START, 'ask')
      .compile({ checkpointer: saver })
      .withConfig({ callbacks: [tracer.handler] });
    await graph.invoke(new Command({ resume: 'yes' }), { configurable: { thread_id: 't' } });
    await tracer.shutdown();
    const [asked] = await stored();
    expect(traces.map(({ resumedFrom }) => resumedFrom)).toEqual([{ checkpointId: asked?.checkpointId }]);
  });
});
