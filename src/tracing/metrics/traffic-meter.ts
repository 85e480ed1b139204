import type { Usage } from '../../core/index.ts';
import { OPERATION, providerName } from '../exporters/otlp/index.ts';
import type { RawSpan, RawTrace } from '../recording/raw-trace.ts';
import { countedUsages, spanUsage } from '../recording/usage.ts';
import { errorName, NO_REDACTION } from '../redaction/index.ts';
import { GENAI_METRICS, TRAFFIC_METRICS } from './definitions.ts';
import { costOf, type Price, type Prices } from './prices.ts';
import type { MetricsRegistry } from './registry.ts';

/** What spans are called in metrics. */
export interface TrafficNames {
  /** The name of a graph, node, tool or model. */
  label(span: RawSpan): string;
  /** The type of what a span threw. */
  errorType(span: RawSpan): string;
  /** Who runs a model; undefined when it is not known. */
  provider(span: RawSpan): string | undefined;
}

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

  /**
   * Measures a trace that is settled: every span has its end and its outcome.
   *
   * @param names What is shown of names. Default: all of them.
   */
  measure(trace: RawTrace, names: TrafficNames = ALL_NAMES): void {
    const { root } = trace;
    const graph = names.label(root);
    const outcome = root.outcome ?? 'cancelled';
    this.#registry.add(TRAFFIC_METRICS.runs, { graph, outcome }, 1);
    this.#registry.observe(TRAFFIC_METRICS.runDuration, { graph, outcome }, secondsOf(root));
    const usages = countedUsages(trace.spans, spanUsage);
    for (const span of trace.spans) {
      if (span.type === 'node') this.#measureNode(graph, span, names);
      else if (span.type === 'tool') this.#measureTool(graph, span, names.label(span));
      else if (span.type === 'llm') this.#measureModel(graph, span, names, usages.get(span));
    }
  }

  #measureNode(graph: string, span: RawSpan, names: TrafficNames): void {
    if (span.tags.includes(HIDDEN)) return;
    const node = names.label(span);
    const outcome = span.outcome ?? 'cancelled';
    this.#registry.add(TRAFFIC_METRICS.nodeRuns, { graph, node, outcome }, 1);
    this.#registry.observe(TRAFFIC_METRICS.nodeDuration, { graph, node }, secondsOf(span));
  }

  #measureTool(graph: string, span: RawSpan, tool: string): void {
    const outcome = span.outcome ?? 'cancelled';
    this.#registry.add(TRAFFIC_METRICS.toolCalls, { graph, tool, outcome }, 1);
    this.#registry.observe(TRAFFIC_METRICS.toolDuration, { graph, tool }, secondsOf(span));
  }

  #measureModel(graph: string, span: RawSpan, names: TrafficNames, usage: Usage | undefined): void {
    const model = names.label(span);
    const outcome = span.outcome ?? 'cancelled';
    this.#registry.add(TRAFFIC_METRICS.modelCalls, { graph, model, outcome }, 1);
    this.#registry.observe(TRAFFIC_METRICS.modelDuration, { graph, model }, secondsOf(span));
    const firstToken = span.events.find((event) => event.name === 'first_token');
    if (firstToken !== undefined) {
      const seconds = secondsBetween(span.startTimeMs, firstToken.timeMs);
      this.#registry.observe(TRAFFIC_METRICS.firstToken, { graph, model }, seconds);
    }
    if (usage !== undefined) this.#measureTokens(graph, model, usage);
    if (this.#registry.isWatched) this.#measureOperation(model, span, names, usage);
  }

  /** The same by the conventions of OpenTelemetry, for whom the provider is told apart and the graph is not. */
  #measureOperation(model: string, span: RawSpan, names: TrafficNames, usage: Usage | undefined): void {
    const { ls_model_type: type } = span.metadata;
    const provider = names.provider(span) ?? 'unknown';
    const call = { operation: type === 'llm' ? OPERATION.textCompletion : OPERATION.chat, provider, model };
    const error = span.failed ? names.errorType(span) : '';
    this.#registry.observe(GENAI_METRICS.operationDuration, { ...call, error }, secondsOf(span));
    const firstToken = span.events.find((event) => event.name === 'first_token');
    if (firstToken !== undefined) {
      const seconds = secondsBetween(span.startTimeMs, firstToken.timeMs);
      this.#registry.observe(GENAI_METRICS.timeToFirstChunk, call, seconds);
    }
    if (usage === undefined) return;
    this.#registry.observe(GENAI_METRICS.tokenUsage, { ...call, kind: 'input' }, usage.inputTokens);
    this.#registry.observe(GENAI_METRICS.tokenUsage, { ...call, kind: 'output' }, usage.outputTokens);
  }

  #measureTokens(graph: string, model: string, usage: Usage): void {
    const { inputTokens, outputTokens } = usage;
    this.#registry.add(TRAFFIC_METRICS.tokens, { graph, model, kind: 'input' }, inputTokens);
    this.#registry.add(TRAFFIC_METRICS.tokens, { graph, model, kind: 'output' }, outputTokens);
    if (this.#prices.size === 0) return;
    const price = this.#prices.get(model);
    if (price !== undefined) this.#registry.add(TRAFFIC_METRICS.cost, { graph, model }, costOf(usage, price));
    else this.#registry.add(TRAFFIC_METRICS.unpricedTokens, { graph, model }, inputTokens + outputTokens);
  }
}

function ownLabel(span: RawSpan): string {
  if (span.type === 'llm') return span.model ?? span.name;
  const node = span.metadata['langgraph_node'];
  if (span.type === 'node' && typeof node === 'string') return node;
  return span.ownName ?? span.name;
}

const ALL_NAMES: TrafficNames = {
  label: ownLabel,
  errorType: ({ thrown }) => errorName(thrown, { redaction: NO_REDACTION, hideMessages: false }),
  provider({ metadata: { ls_provider: provider } }) {
    return typeof provider === 'string' ? providerName(provider) : undefined;
  },
};

/** The tag of LangGraph's own steps, such as `__start__`. */
const HIDDEN = 'langsmith:hidden';

function secondsOf(span: RawSpan): number {
  return secondsBetween(span.startTimeMs, span.endTimeMs ?? span.startTimeMs);
}

function secondsBetween(startMs: number, endMs: number): number {
  return Math.max(0, endMs - startMs) / 1_000;
}
