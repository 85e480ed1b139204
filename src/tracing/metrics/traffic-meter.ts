import type { RawSpan, RawTrace } from '../raw-trace.ts';
import { spanUsage } from '../usage.ts';
import { TRAFFIC_METRICS } from './definitions.ts';
import { costOf, type Price, type Prices } from './prices.ts';
import type { MetricsRegistry } from './registry.ts';

/** Measures ended runs, before it is decided which of them are kept. Reads and adds up; copies and encodes nothing. */
export class TrafficMeter {
  readonly #registry: MetricsRegistry;
  /** A map and no object: a model may have any name. */
  readonly #prices: ReadonlyMap<string, Price>;

  /** @param prices Without any, no cost is measured. */
  constructor(registry: MetricsRegistry, prices: Prices = {}) {
    this.#registry = registry;
    this.#prices = new Map(Object.entries(prices));
  }

  /** Measures a trace that is settled: every span has its end and its outcome. */
  measure(trace: RawTrace): void {
    const { root } = trace;
    const graph = root.graphName ?? root.name;
    const outcome = root.outcome ?? 'cancelled';
    this.#registry.add(TRAFFIC_METRICS.runs, { graph, outcome }, 1);
    this.#registry.observe(TRAFFIC_METRICS.runDuration, { graph, outcome }, secondsOf(root));
    for (const span of trace.spans) {
      if (span.type === 'node') this.#measureNode(graph, span);
      else if (span.type === 'tool') this.#measureTool(graph, span);
      else if (span.type === 'llm') this.#measureModel(graph, span);
    }
  }

  #measureNode(graph: string, span: RawSpan): void {
    if (span.tags.includes(HIDDEN)) return;
    const named = span.metadata['langgraph_node'];
    const node = typeof named === 'string' ? named : span.name;
    const outcome = span.outcome ?? 'cancelled';
    this.#registry.add(TRAFFIC_METRICS.nodeRuns, { graph, node, outcome }, 1);
    this.#registry.observe(TRAFFIC_METRICS.nodeDuration, { graph, node }, secondsOf(span));
  }

  #measureTool(graph: string, span: RawSpan): void {
    const tool = span.name;
    const outcome = span.outcome ?? 'cancelled';
    this.#registry.add(TRAFFIC_METRICS.toolCalls, { graph, tool, outcome }, 1);
    this.#registry.observe(TRAFFIC_METRICS.toolDuration, { graph, tool }, secondsOf(span));
  }

  #measureModel(graph: string, span: RawSpan): void {
    const model = span.model ?? span.name;
    const outcome = span.outcome ?? 'cancelled';
    this.#registry.add(TRAFFIC_METRICS.modelCalls, { graph, model, outcome }, 1);
    this.#registry.observe(TRAFFIC_METRICS.modelDuration, { graph, model }, secondsOf(span));
    const firstToken = span.events.find((event) => event.name === 'first_token');
    if (firstToken !== undefined) {
      const seconds = secondsBetween(span.startTimeMs, firstToken.timeMs);
      this.#registry.observe(TRAFFIC_METRICS.firstToken, { graph, model }, seconds);
    }
    this.#measureTokens(graph, model, span);
  }

  #measureTokens(graph: string, model: string, span: RawSpan): void {
    const usage = spanUsage(span);
    if (usage === undefined) return;
    const { inputTokens, outputTokens } = usage;
    this.#registry.add(TRAFFIC_METRICS.tokens, { graph, model, kind: 'input' }, inputTokens);
    this.#registry.add(TRAFFIC_METRICS.tokens, { graph, model, kind: 'output' }, outputTokens);
    if (this.#prices.size === 0) return;
    const price = this.#prices.get(model);
    if (price !== undefined) this.#registry.add(TRAFFIC_METRICS.cost, { graph, model }, costOf(usage, price));
    else this.#registry.add(TRAFFIC_METRICS.unpricedTokens, { graph, model }, inputTokens + outputTokens);
  }
}

/** The tag of LangGraph's own steps, such as `__start__`. */
const HIDDEN = 'langsmith:hidden';

function secondsOf(span: RawSpan): number {
  return secondsBetween(span.startTimeMs, span.endTimeMs ?? span.startTimeMs);
}

function secondsBetween(startMs: number, endMs: number): number {
  return Math.max(0, endMs - startMs) / 1_000;
}
