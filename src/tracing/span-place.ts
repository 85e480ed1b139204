import type { SpanType } from '../core/index.ts';

/** The facts of a span that say where it stands. */
export interface PlacedSpan {
  readonly name: string;
  readonly type: SpanType;
  /** Name that the code gave a graph or tool: `name` is the one that a call gave, where it gave any. */
  readonly ownName?: string | undefined;
  /** Class of what runs, where LangChain reported it. */
  readonly className?: string | undefined;
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

/**
 * True when each field of the place holds for at least one of the spans: a span and what encloses it, or a whole run.
 *
 * @param ifUnknown Whether a tool or graph counts as the one meant when its own name is not known. Default false.
 */
export function isPlace(spans: readonly PlacedSpan[], place: SpanPlace, ifUnknown = false): boolean {
  const { graph, node, tool, model, tag, route } = place;
  const some = (wanted: string | undefined, holds: (span: PlacedSpan, wanted: string) => boolean) =>
    wanted === undefined || spans.some((span) => holds(span, wanted));
  return (
    some(graph, (span, name) => span.type === 'graph' && isCalled(span, name, ifUnknown)) &&
    some(node, isNode) &&
    some(tool, (span, name) => span.type === 'tool' && isCalled(span, name, ifUnknown)) &&
    some(model, isModel) &&
    some(tag, (span, name) => span.tags.includes(name)) &&
    some(route, (span, name) => span.metadata['route'] === name)
  );
}

function isCalled({ name, ownName, className }: PlacedSpan, wanted: string, ifUnknown: boolean): boolean {
  if (name === wanted || ownName === wanted) return true;
  // What langsmith reports has no class, and the name that its code gave it.
  return ifUnknown && ownName === undefined && className !== undefined;
}

function isModel({ type, name, model, className }: PlacedSpan, wanted: string): boolean {
  return type === 'llm' && (model === wanted || name === wanted || className === wanted);
}

function isNode(span: PlacedSpan, name: string): boolean {
  return (span.type === 'node' && span.name === name) || span.metadata['langgraph_node'] === name;
}
