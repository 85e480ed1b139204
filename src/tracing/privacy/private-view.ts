import { createHash } from 'node:crypto';
import { isUuid } from '../../core/index.ts';
import { isKnownProvider, providerName } from '../exporters/otlp/index.ts';
import type { RawEvent, RawSpan, RawTrace } from '../recording/raw-trace.ts';
import { errorName, type Privacy, type Redaction } from '../redaction/index.ts';
import { formatTraceState, parseTraceState } from '../sampling/index.ts';
import { privacyIn } from './inner-privacy.ts';

/** Events that the tracer names itself; any other has a name of the application's making. */
const OWN_EVENTS: ReadonlySet<string> = new Set(['first_token', 'pieces', 'interrupt', 'resume']);
/** The form that model providers ask of the name of a tool. */
const TOOL_NAME = /^[\w-]{1,64}$/;
/** Tags that LangGraph and LangChain set by themselves; nothing of the user's is in them. */
const LANGGRAPH_TAG = /^(?:(?:graph|seq|map):(?:step|key):\d+|langsmith:hidden)$/;

/** What of one trace may be recorded, and under which name. */
export class PrivateView {
  private readonly privacy: Privacy;
  /** What holds for errors and events, which pass through spans outside of the graph that they are from. */
  private readonly strictest: Privacy;
  /** By the innermost graph with a privacy of its own. */
  private readonly innerPrivacies = new Map<RawSpan, Privacy>();
  private readonly root: RawSpan;
  private readonly byId: ReadonlyMap<string, RawSpan>;
  private readonly nodes: ReadonlySet<string>;
  private readonly chains = new Map<RawSpan, readonly RawSpan[]>();
  /** Spans that hide inputs or outputs, and all that enclose one: errors and interrupts pass through them on their way up. */
  private readonly guarded = new Set<RawSpan>();
  /** Those of them in which no error may say anything. */
  private readonly silenced = new Set<RawSpan>();

  constructor(trace: RawTrace, privacy: Privacy) {
    this.privacy = privacy;
    this.strictest = trace.hasInnerPrivacy ? privacyIn(privacy, trace.spans) : privacy;
    this.root = trace.root;
    this.byId = new Map(trace.spans.map((span) => [span.id, span]));
    this.nodes =
      this.strictest.hidesMetadata === false
        ? new Set()
        : new Set(trace.spans.filter(({ type }) => type === 'node').map(nodeName));
    if (this.strictest.hidesInputs === false && this.strictest.hidesOutputs === false) return;
    // What was left out may have stood in a place that is hidden, and its error has passed through any of the others.
    const isIncomplete = trace.spansDropped > 0 || trace.failedLate === true;
    for (const span of trace.spans) {
      if (isIncomplete && !this.strictest.keepErrorMessages) this.silenced.add(span);
      if (!this.holds('hidesInputs', span) && !this.holds('hidesOutputs', span)) continue;
      const { keepErrorMessages } = this.privacyOf(span);
      for (const guarded of this.enclosing(span)) {
        this.guarded.add(guarded);
        if (!keepErrorMessages) this.silenced.add(guarded);
      }
    }
  }

  /** What is to be removed from the values of a span. */
  redaction(span: RawSpan): Redaction {
    return this.privacyOf(span).redaction;
  }

  /** What is to be removed from errors and the data of events. */
  get passingRedaction(): Redaction {
    return this.strictest.redaction;
  }

  hidesInputs(span: RawSpan): boolean {
    return this.holds('hidesInputs', span);
  }

  hidesOutputs(span: RawSpan): boolean {
    // LangGraph's first step hands the input on: its output is the input once more.
    return this.holds('hidesOutputs', span) || (span.name === '__start__' && this.hidesInputs(span));
  }

  hidesMetadata(span: RawSpan): boolean {
    return this.holds('hidesMetadata', span);
  }

  hidesErrorMessage(span: RawSpan): boolean {
    return this.silenced.has(span);
  }

  hidesEvent(span: RawSpan, event: RawEvent): boolean {
    // The root's interrupt event carries what a node inside it asked.
    return this.hidesOutputs(span) || (event.name === 'interrupt' && this.guarded.has(span));
  }

  /** The name of an event; where outputs are hidden, only one of the tracer's own. */
  eventName(span: RawSpan, { name }: RawEvent): string {
    return this.hidesOutputs(span) && !OWN_EVENTS.has(name) ? 'event' : this.text(span, name);
  }

  /**
   * The name of a span. A caller can name a run after anything; where metadata is hidden it has the name that the code has
   * for it: that of its graph, node, tool or class.
   */
  name(span: RawSpan): string {
    return this.text(span, this.hidesMetadata(span) ? this.codeName(span) : span.name);
  }

  /** The tags of a span; where metadata is hidden, only those that LangGraph and LangChain set. */
  tags(span: RawSpan): string[] {
    const hides = this.hidesMetadata(span);
    const tags = span.tags.map(String).filter((tag) => !hides || LANGGRAPH_TAG.test(tag));
    return tags.map((tag) => this.text(span, tag));
  }

  /** The node that a span is or runs in; where metadata is hidden, only one that has run in this trace. */
  node(span: RawSpan): string | undefined {
    const node = textIn(span, 'langgraph_node');
    return node === undefined || (this.hidesMetadata(span) && !this.nodes.has(node))
      ? undefined
      : this.text(span, node);
  }

  /** `node:<taskId>`, subgraphs joined by `|`; where metadata is hidden, only of nodes that have run in this trace. */
  checkpointNs(span: RawSpan): string | undefined {
    const ns = textIn(span, 'langgraph_checkpoint_ns');
    if (ns === undefined) return undefined;
    const isOwn = (segment: string) => {
      const at = segment.lastIndexOf(':');
      return this.nodes.has(segment.slice(0, at)) && isUuid(segment.slice(at + 1));
    };
    return this.hidesMetadata(span) && !ns.split('|').every(isOwn) ? undefined : this.text(span, ns);
  }

  /** The step of the graph; where metadata is hidden, only of a span inside a node of this trace. */
  step(span: RawSpan): number | undefined {
    const step = span.metadata['langgraph_step'];
    const isKnown = !this.hidesMetadata(span) || this.node(span) !== undefined;
    return typeof step === 'number' && isKnown ? step : undefined;
  }

  /**
   * The name of a model. It is metadata: it says what a configuration says, which may be that of one caller. Where that is
   * hidden, only a model that has a price in the options is named.
   */
  model(span: RawSpan): string | undefined {
    const { model } = span;
    if (typeof model !== 'string') return undefined;
    const isHidden = this.hidesMetadata(span) && !this.privacyOf(span).knownModels.has(model);
    return isHidden ? undefined : this.text(span, model);
  }

  /** What a span is called in metrics. */
  label(span: RawSpan): string {
    const ownName = ownNameOf(span);
    if (ownName !== undefined) return this.text(span, ownName);
    if (span.type === 'llm') return this.model(span) ?? this.name(span);
    return (span.type === 'node' ? this.node(span) : undefined) ?? this.name(span);
  }

  /** The type of what a span threw. */
  errorType(span: RawSpan): string {
    return errorName(span.thrown, {
      redaction: this.passingRedaction,
      hideMessages: this.hidesErrorMessage(span),
    });
  }

  /** Who runs the model of a span; where metadata is hidden, only one that the conventions know. */
  provider(span: RawSpan): string | undefined {
    const provider = textIn(span, 'ls_provider');
    if (provider === undefined) return undefined;
    const name = providerName(provider);
    return this.hidesMetadata(span) && !isKnownProvider(name) ? undefined : this.text(span, name);
  }

  /** The id of a tool call is a part of what the model answered. */
  toolCallId(span: RawSpan): string | undefined {
    const isHidden = this.hidesInputs(span) || this.hidesOutputs(span);
    return typeof span.toolCallId !== 'string' || isHidden ? undefined : this.text(span, span.toolCallId);
  }

  /**
   * The thread of the run. It is metadata, and often somebody's name; where metadata is hidden a name of it is recorded
   * that is the same for the same thread, so that the runs of a conversation can still be told to belong together.
   */
  threadId(): string | undefined {
    const threadId = this.root.metadata['thread_id'];
    if (typeof threadId !== 'string' || isUuid(threadId))
      return typeof threadId === 'string' ? threadId : undefined;
    return this.hidesMetadata(this.root) ? hiddenThreadId(threadId) : this.text(this.root, threadId);
  }

  /**
   * The id of a run or checkpoint. One that is no UUID was named by a caller: where metadata is hidden, or a rule finds
   * something in it, a UUID takes its place that is the same for the same id, and has the same OpenTelemetry ids.
   */
  id(id: string): string {
    if (isUuid(id) || !(this.hidesMetadata(this.root) || this.text(this.root, id) !== id)) return id;
    return createHash('sha256')
      .update(id)
      .digest('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  }

  /** A `tracestate` header; where metadata is hidden, or a rule finds something in it, only what it says of sampling. */
  traceState(header: string): string | undefined {
    return visibleTraceState(header, {
      hides: this.hidesMetadata(this.root),
      redaction: this.redaction(this.root),
    });
  }

  private codeName(span: RawSpan): string {
    const { type, className } = span;
    const ownName = ownNameOf(span);
    if (ownName !== undefined) return ownName;
    if (span === this.root) return type;
    if (type === 'node') return nodeName(span);
    if (type === 'graph') return this.node(span) ?? type;
    // What langsmith reports has no class: the name of a function cannot be told from one that was given to a call.
    return className ?? type;
  }

  private text(span: RawSpan, value: string): string {
    return this.redaction(span).text(value);
  }

  private privacyOf(span: RawSpan): Privacy {
    if (this.strictest === this.privacy) return this.privacy;
    const chain = this.enclosing(span);
    const at = chain.find(({ innerPrivacy }) => innerPrivacy !== undefined);
    if (at === undefined) return this.privacy;
    const privacy = this.innerPrivacies.get(at) ?? privacyIn(this.privacy, chain);
    this.innerPrivacies.set(at, privacy);
    return privacy;
  }

  private holds(what: 'hidesInputs' | 'hidesOutputs' | 'hidesMetadata', span: RawSpan): boolean {
    const hiding = this.privacyOf(span)[what];
    return typeof hiding === 'boolean' ? hiding : hiding(this.enclosing(span));
  }

  /** The span and what encloses it, innermost first. */
  private enclosing(span: RawSpan): readonly RawSpan[] {
    const known = this.chains.get(span);
    if (known !== undefined) return known;
    const chain: RawSpan[] = [];
    let next: RawSpan | undefined = span;
    while (next !== undefined && !chain.includes(next)) {
      chain.push(next);
      next = this.byId.get(next.parentId ?? '');
    }
    this.chains.set(span, chain);
    return chain;
  }
}

/** What stands for a thread whose id is hidden: the same for the same thread. */
export function hiddenThreadId(threadId: string): string {
  return `hidden-${createHash('sha256').update(threadId).digest('hex').slice(0, 16)}`;
}

/** A `tracestate` header as far as it may be recorded; undefined when nothing is left of it. */
export function visibleTraceState(
  header: string,
  { hides, redaction }: { readonly hides: boolean; readonly redaction: Privacy['redaction'] },
): string | undefined {
  if (!hides && redaction.text(header) === header) return header;
  const { threshold, randomness } = parseTraceState(header);
  const sampling = formatTraceState({
    ...(threshold === undefined ? {} : { threshold }),
    ...(randomness === undefined ? {} : { randomness }),
  });
  return sampling === '' ? undefined : sampling;
}

/** The name that the code gave a graph or tool, unless it is no name for a tool: then it may be made of anything. */
function ownNameOf({ type, ownName }: RawSpan): string | undefined {
  return ownName === undefined || (type === 'tool' && !TOOL_NAME.test(ownName)) ? undefined : ownName;
}

/** LangGraph's own name of a node, which a caller cannot change. */
function nodeName(span: RawSpan): string {
  return textIn(span, 'langgraph_node') ?? span.type;
}

function textIn(span: RawSpan, key: string): string | undefined {
  const value = span.metadata[key];
  return typeof value === 'string' ? value : undefined;
}
