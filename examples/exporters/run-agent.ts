import { flush, shutdown, traceGraph, tracingHealth } from 'sluicegate/tracing';
import { graph as agent } from '../support-agent/regressed/graph.ts';

const QUESTIONS = ['Where is A-1002?', 'Where is A-9999?'];

/**
 * Wraps the support agent, in the build that throws for an order it does not have, asks it two questions of which the
 * second one fails, and waits until the traces are delivered.
 */
export async function runAgent(): Promise<void> {
  const graph = traceGraph(agent);
  for (const [index, content] of QUESTIONS.entries()) {
    try {
      const { messages } = await graph.invoke(
        { messages: [{ role: 'user', content }], customerId: 'C-101' },
        { configurable: { thread_id: `exporters-${index}` } },
      );
      process.stdout.write(`${content} ${messages.at(-1)?.text}\n`);
    } catch (error) {
      process.stdout.write(`${content} ${String(error)}\n`);
    }
  }
  await flush();
  process.stdout.write(`Delivered: ${JSON.stringify(tracingHealth().counters.traces_exported)}\n`);
  // Metrics go out every minute, and now.
  await shutdown();
}
