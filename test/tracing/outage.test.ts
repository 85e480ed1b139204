import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { silentLogger, traceStorePath } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { StoreExporter } from '../../src/tracing/exporters/index.ts';
import { resolveTraceOptions } from '../../src/tracing/options/options.ts';
import { Tracer } from '../../src/tracing/tracer.ts';
import { HttpExporter } from '../support/http-exporter.ts';
import { ManualClock, until } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type SinkMode, TraceSink } from '../support/trace-sink.ts';

const State = Annotation.Root({ n: Annotation<number>() });

function build(tracer: Tracer) {
  return new StateGraph(State)
    .addNode('work', ({ n }) => {
      if (n % 10 === 0) throw new Error(`run ${n} failed`);
      return { n };
    })
    .addEdge(START, 'work')
    .compile({ name: 'outage' })
    .withConfig({ callbacks: [tracer.handler] });
}

async function storedIds(home: string): Promise<Set<string>> {
  const store = await openTraceStore({ path: traceStorePath(home), readOnly: true });
  try {
    return new Set((await store.list({ limit: 1_000 })).map(({ id }) => id));
  } finally {
    await store.close();
  }
}

describe('a trace backend that is down', () => {
  it.each<SinkMode>(['unavailable', 'hang', 'refuse'])(
    'has every one of 205 runs when it is back, and the store has them all the while (%s)',
    async (mode) => {
      await using dir = await tempDir();
      await using sink = await TraceSink.start();
      const clock = new ManualClock();
      const tracer = new Tracer(resolveTraceOptions({ home: dir.path }, {}, '/nowhere'), {
        clock,
        random: () => 0.5,
        logger: silentLogger,
        lingerMs: 0,
        exporters: [
          new HttpExporter(sink.url, { timeoutMs: 50 }),
          new StoreExporter(traceStorePath(dir.path)),
        ],
      });
      const graph = build(tracer);
      const run = (n: number) => graph.invoke({ n }).catch(() => undefined);
      await Promise.all(Array.from({ length: 5 }, (_, n) => run(n)));
      // A busy machine can miss the exporter's time limit: then it is tried again.
      const arrived = () => {
        clock.advance(10);
        return tracer.pendingTraces === 0;
      };
      await until(arrived);

      await sink.become(mode);
      for (let wave = 0; wave < 10; wave += 1) {
        await Promise.all(Array.from({ length: 20 }, (_, n) => run(wave * 20 + n)));
        clock.advance(4_500);
      }
      // The store is not held up by the backend that is down.
      await until(() => tracer.counters.snapshot().traces_exported?.['store'] === 205);
      expect(await storedIds(dir.path)).toHaveProperty('size', 205);
      expect(sink.ids.size).toBe(5);
      expect(tracer.deliveryHealth).toMatchObject({ pendingTraces: 200, lagMs: 45_000 });

      await sink.become('ok');
      await until(arrived);
      expect(sink.ids).toEqual(await storedIds(dir.path));
      const { traces_dropped, traces_exported } = tracer.counters.snapshot();
      expect(traces_dropped).toBeUndefined();
      expect(traces_exported).toEqual({ http: 205, store: 205 });
      await tracer.shutdown();
    },
  );

  it('ends the flush at shutdown after one attempt, and leaves the rest to the next start', async () => {
    await using dir = await tempDir();
    await using sink = await TraceSink.start('unavailable');
    const options = resolveTraceOptions({ home: dir.path }, {}, '/nowhere');
    const start = () =>
      new Tracer(options, { logger: silentLogger, exporters: [new HttpExporter(sink.url)] });
    const first = start();
    await build(first).invoke({ n: 1 });
    await first.shutdown();
    expect(sink.ids.size).toBe(0);
    await sink.become('ok');
    const second = start();
    await second.flush();
    expect(sink.ids.size).toBe(1);
    await second.shutdown();
  });
});
