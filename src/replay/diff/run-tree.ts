import { isRecord, rootSpan, type Span, stableStringify, type Trace } from '../../core/index.ts';
import { canonical } from './canonical.ts';
import type { Masker } from './volatile.ts';

/** A call of a model, tool or retriever within a task. */
export interface CallUnit {
  readonly unit: 'call';
  readonly kind: 'model' | 'tool' | 'retriever';
  readonly name: string;
  /** The how-manieth of its kind in nodes of this path over the whole run, from 1. */
  readonly ordinal: number;
  readonly span: Span;
  /** What it was given and what came back, canonical. */
  readonly request: unknown;
  readonly result: unknown;
  /** Of a model: its name and parameters. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Of a model: everything else it was called with, such as its tools. Undefined where that was not recorded. */
  readonly params: Readonly<Record<string, unknown>> | undefined;
  /** Equal for calls that ask the same. */
  readonly requestKey: string;
}

/** A node that ran. */
export interface TaskUnit {
  readonly unit: 'task';
  /** Nodes from the outermost graph inwards: `outer/inner`. */
  readonly path: string;
  readonly name: string;
  /** The how-manieth time that this node runs, from 1. */
  readonly visit: number;
  readonly span: Span;
  readonly inputs: unknown;
  readonly outputs: unknown;
  /** What ran inside, in the order in which it began. */
  readonly parts: readonly (CallUnit | GraphUnit)[];
  /** Where its routers sent the run, by the name of the router; known only where they are recorded. */
  readonly routes: readonly string[];
  readonly inputsKey: string;
}

/** A graph that ran: the whole run, or a subgraph inside a node. */
export interface GraphUnit {
  readonly unit: 'graph';
  readonly path: string;
  readonly span: Span;
  /** The nodes that ran in each superstep, in the order of the supersteps. */
  readonly steps: readonly (readonly TaskUnit[])[];
  /** Where the routers at the start sent the run. */
  readonly startRoutes: readonly string[];
  /** Calls that no node made. */
  readonly calls: readonly CallUnit[];
}

/** Options of {@link runTree}. */
export interface RunTreeOptions {
  readonly mask: Masker;
  /** Names that a router can give; see {@link nodeNames}. */
  readonly nodes: ReadonlySet<string>;
}

/** Every node that ran in a trace, at any depth. */
export function nodeNames(trace: Trace): string[] {
  return trace.spans.filter(({ type }) => type === 'node').map(({ name }) => name);
}

const CALLS: Partial<Record<Span['type'], CallUnit['kind']>> = {
  llm: 'model',
  tool: 'tool',
  retriever: 'retriever',
};

/** Metadata that says how a model was called. Not its provider, whose name differs between places where traces are kept. */
const SETTINGS = {
  ls_model_name: 'model',
  ls_temperature: 'temperature',
  ls_max_tokens: 'maxTokens',
  ls_stop: 'stop',
} as const;

/** Reads a trace as supersteps of nodes with the calls that they made. */
export function runTree(trace: Trace, options: RunTreeOptions): GraphUnit {
  const root = rootSpan(trace);
  const known = new Set(trace.spans.map(({ id }) => id));
  const childrenOf = new Map<string, Span[]>();
  for (const span of trace.spans) {
    if (span === root) continue;
    const parentId = span.parentId !== null && known.has(span.parentId) ? span.parentId : root.id;
    const siblings = childrenOf.get(parentId) ?? [];
    siblings.push(span);
    childrenOf.set(parentId, siblings);
  }
  const children = (span: Span): readonly Span[] =>
    (childrenOf.get(span.id) ?? []).toSorted((a, b) => a.startTimeMs - b.startTimeMs);
  const counts = new Map<string, number>();
  const count = (key: string): number => {
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return next;
  };
  const seen = new Set<Span>([root]);

  /** What is directly inside a span: the calls, graphs and nodes that no other of these encloses. */
  const inside = (span: Span): Span[] => {
    const found: Span[] = [];
    const pending = children(span).toReversed();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      // A circle of parents: each span once.
      if (seen.has(next)) continue;
      seen.add(next);
      if (next.type === 'chain') pending.push(...children(next).toReversed());
      else found.push(next);
    }
    return found;
  };

  const graphUnit = (span: Span, path: string, members: readonly Span[]): GraphUnit => {
    const nodes = members.filter((member) => member.type === 'node');
    const visible = nodes.filter((node) => !isHidden(node));
    const byStep = Map.groupBy(visible, ({ step }) => step ?? 0);
    const steps = [...byStep.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([, tasks]) =>
        // Tasks of a superstep run at the same time: their names order them, not who came first.
        tasks.toSorted((a, b) => compareText(a.name, b.name)).map((task) => taskUnit(task, path)),
      );
    return {
      unit: 'graph',
      path,
      span,
      steps,
      startRoutes: nodes.filter(isHidden).flatMap((node) => routesOf(children(node), options.nodes)),
      calls: members.flatMap((member) => callUnit(member, path)),
    };
  };

  const taskUnit = (span: Span, outer: string): TaskUnit => {
    const path = outer === '' ? span.name : `${outer}/${span.name}`;
    const visit = count(`node ${path}`);
    const members = inside(span);
    const inputs = canonical(span.inputs, options.mask);
    const parts = members.flatMap((member): (CallUnit | GraphUnit)[] => {
      if (member.type === 'graph') return [graphUnit(member, path, inside(member))];
      return callUnit(member, path);
    });
    // A subgraph whose own span is the node's has its nodes directly inside.
    const own = members.filter(({ type }) => type === 'node');
    return {
      unit: 'task',
      path,
      name: span.name,
      visit,
      span,
      inputs,
      inputsKey: stableStringify(inputs),
      outputs: canonical(span.outputs, options.mask),
      parts: own.length === 0 ? parts : [...parts, graphUnit(span, path, own)],
      routes: routesOf(children(span), options.nodes),
    };
  };

  const callUnit = (span: Span, path: string): CallUnit[] => {
    const kind = CALLS[span.type];
    if (kind === undefined) return [];
    const request = canonical(requestOf(span), options.mask);
    const settings = kind === 'model' ? settingsOf(span) : {};
    const params = span.metadata['ls_invocation_params'];
    return [
      {
        unit: 'call',
        kind,
        name: span.name,
        ordinal: count(`${kind} ${path}`),
        span,
        request,
        result: canonical(resultOf(span), options.mask),
        settings,
        params: isRecord(params) ? params : undefined,
        requestKey: stableStringify([span.name, request, settings]),
      },
    ];
  };

  return graphUnit(root, '', inside(root));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isHidden(span: Span): boolean {
  return span.tags.includes('langsmith:hidden') || span.name === '__start__';
}

/**
 * A router is a chain directly inside of the node that answers with names of nodes. LangGraph records it there, after
 * what the node itself did.
 */
function routesOf(inside: readonly Span[], names: ReadonlySet<string>): string[] {
  return inside.flatMap((span) => {
    if (span.type !== 'chain') return [];
    const answer = isRecord(span.outputs) ? span.outputs['output'] : span.outputs;
    const targets = Array.isArray(answer) ? answer : [answer];
    const isRoute =
      targets.length > 0 &&
      targets.every((name) => typeof name === 'string' && (name === '__end__' || names.has(name)));
    return isRoute ? targets.map(String) : [];
  });
}

function requestOf(span: Span): unknown {
  const { inputs } = span;
  if (!isRecord(inputs)) return inputs;
  if (span.type === 'tool') return 'input' in inputs ? parsedJson(inputs['input']) : inputs;
  if (span.type === 'retriever') return 'query' in inputs ? inputs['query'] : inputs;
  const { messages } = inputs;
  // Callbacks report a batch of one conversation.
  return Array.isArray(messages) && messages.length === 1 && Array.isArray(messages[0])
    ? messages[0]
    : (messages ?? inputs['prompts'] ?? inputs);
}

function resultOf(span: Span): unknown {
  const { outputs } = span;
  if (!isRecord(outputs)) return outputs;
  if (span.type === 'tool') return 'output' in outputs ? outputs['output'] : outputs;
  if (span.type === 'retriever') return 'documents' in outputs ? outputs['documents'] : outputs;
  const { generations } = outputs;
  if (!Array.isArray(generations)) return outputs;
  return generations
    .flat()
    .map((each: unknown) => (isRecord(each) ? (each['message'] ?? each['text']) : each));
}

/** LangChain hands a tool's arguments to its callbacks as JSON text. */
function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return value;
    throw thrown;
  }
}

function settingsOf(span: Span): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [key, name] of Object.entries(SETTINGS)) {
    if (span.metadata[key] !== undefined) settings[name] = span.metadata[key];
  }
  return settings;
}
