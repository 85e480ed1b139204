// A process of its own in which the SDK of this package records spans inside nodes: `spanning-process.ts <home> <runs> <end>`.
// Each run is one that is dropped and one that fails; it prints how many are over, and then ends as told: `return` (nothing
// left to do), `wait` (until a signal), `flush` (the same, once all is flushed), `shutdown` (the same, once it has shut down)
// or `exit` (process.exit in the same turn).
import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { trace } from '@opentelemetry/api';
import { flush, shutdown, traceGraph } from '../../src/tracing/index.ts';

const [home = '', runs = '0', end = 'return'] = process.argv.slice(2);
const State = Annotation.Root({ fails: Annotation<boolean>() });
const graph = traceGraph(
  new StateGraph(State)
    .addNode('work', ({ fails }) => {
      trace
        .getTracer('app')
        .startSpan(fails ? 'query kept' : 'query dropped')
        .end();
      if (fails) throw new Error('no stock');
      return {};
    })
    .addEdge(START, 'work')
    .compile({ name: 'shop' }),
  { home, sampleRate: 0 },
);
// It is loaded in the background.
while (!trace.getTracer('app').startSpan('probe').isRecording()) await turn();
for (let run = 0; run < Number(runs); run += 1) {
  await graph.invoke({ fails: false });
  await graph.invoke({ fails: true }).catch(() => undefined);
}
const done = () => writeSync(1, `${runs} done\n`);
if (end === 'exit') {
  done();
  process.exit();
}
if (end === 'flush') await flush();
if (end === 'shutdown') await shutdown();
await turn();
done();
if (end !== 'return') setInterval(() => {}, 1_000);
