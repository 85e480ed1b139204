// A process of its own that runs a traced graph: `traced-process.ts <home> <runs> <end> [graphs]`. It prints how many runs
// gave the right result, and then ends as told: `return` (nothing left to do), `wait` (until it is killed), `hang` (a run of
// each graph under way), `exit` (process.exit in the same turn). Each graph has options, and with them a tracer, of its own.
import { writeSync } from 'node:fs';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { traceGraph } from '../../src/tracing/index.ts';

const [home = '', runs = '0', end = 'return', count = '1'] = process.argv.slice(2);
const State = Annotation.Root({ text: Annotation<string>(), hang: Annotation<boolean>() });
const graphs = Array.from({ length: Number(count) }, (_, index) =>
  traceGraph(
    new StateGraph(State)
      .addNode('work', async ({ text, hang }) => {
        if (hang) await new Promise(() => {});
        return { text: `${text}!` };
      })
      .addEdge(START, 'work')
      .compile({ name: 'child' }),
    { home, project: `project-${index}` },
  ),
);

const payload = 'x'.repeat(20_000);
const results = await Promise.all(
  graphs.flatMap((graph) =>
    Array.from({ length: Number(runs) }, () => graph.invoke({ text: payload, hang: false })),
  ),
);
const right = results.filter(({ text }) => text === `${payload}!`).length;
if (end === 'exit') {
  writeSync(1, `${right} right\n`);
  process.exit();
}
if (end === 'hang') {
  for (const graph of graphs) void graph.invoke({ text: 'never', hang: true });
}
setImmediate(() => {
  process.stdout.write(`${right} right\n`);
  if (end !== 'return') setInterval(() => {}, 1_000);
});
