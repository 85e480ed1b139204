import type { SpanType } from '../core/index.ts';

/** The facts of a span that say where it stands. */
export interface PlacedSpan {
  readonly name: string;
  readonly type: SpanType;
  /** Name that the graph was compiled with, where the run of it was given another. */
  readonly graphName?: string | undefined;
  readonly model?: string | undefined;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A place in a graph. Every field that is given has to hold. */
export interface SpanPlace {
  /** Name of a graph or subgraph. */
  readonly graph?: string | undefined;
  /** Name of a node. */
  readonly node?: string | undefined;
  /** Name of a tool. */
  readonly tool?: string | undefined;
  /** Name of a model, or of the class that calls it. */
  readonly model?: string | undefined;
  readonly tag?: string | undefined;
  /** The metadata value `route`. */
  readonly route?: string | undefined;
}

/** True when each field of the place holds for at least one of the spans: a span and what encloses it, or a whole run. */
export function isPlace(spans: readonly PlacedSpan[], place: SpanPlace): boolean {
  const { graph, node, tool, model, tag, route } = place;
  const some = (wanted: string | undefined, holds: (span: PlacedSpan, wanted: string) => boolean) =>
    wanted === undefined || spans.some((span) => holds(span, wanted));
  return (
    some(graph, isGraph) &&
    some(node, isNode) &&
    some(tool, (span, name) => span.type === 'tool' && span.name === name) &&
    some(model, (span, name) => span.type === 'llm' && (span.model === name || span.name === name)) &&
    some(tag, (span, name) => span.tags.includes(name)) &&
    some(route, (span, name) => span.metadata['route'] === name)
  );
}

function isGraph(span: PlacedSpan, name: string): boolean {
  return span.type === 'graph' && (span.name === name || span.graphName === name);
}

function isNode(span: PlacedSpan, name: string): boolean {
  return (span.type === 'node' && span.name === name) || span.metadata['langgraph_node'] === name;
}
