import { NoVerdictError, type Span, type Trace } from '../../core/index.ts';

/** One node on the way from the outermost graph to the one that failed. */
export interface PathStep {
  readonly node: string;
  /** Id of the task that ran the node; its checkpoint has it, too. */
  readonly taskId: string;
  /** Checkpoint namespace of the graph that the node is in; empty for the outermost. */
  readonly namespace: string;
  /** Span of the node, where the trace has it. */
  readonly span: Span | undefined;
}

/** The failing node of a trace with the nodes around it, outermost first. Never empty. */
export interface FailingPath {
  readonly threadId: string;
  readonly steps: readonly [PathStep, ...PathStep[]];
  /** The node names, joined by `/`. */
  readonly name: string;
}

/**
 * Reads from a trace which task of which checkpoint failed.
 *
 * A span's checkpoint namespace is `node:<taskId>`, after those of the graphs around it and joined to them by `|`
 * (a number stands for the how-manieth subgraph that a node called). A subgraph that keeps its checkpoints across runs
 * (`checkpointer: true`) has a namespace without task ids; the spans around it still have theirs.
 *
 * @throws NoVerdictError `FORK_NO_FAILURE`, `FORK_NO_THREAD` or `FORK_NO_CHECKPOINT` when the trace does not tell.
 */
export function failingPath(trace: Trace): FailingPath {
  const failing = trace.spans.find((span) => span.id === trace.failingSpanId);
  if (trace.outcome !== 'error' || failing === undefined) {
    throw new NoVerdictError(
      'FORK_NO_FAILURE',
      trace.outcome === 'error'
        ? `Trace ${trace.id} does not tell which of its spans failed.`
        : `Run ${trace.id} did not fail (it ended as ${trace.outcome}): there is no failing node to go on from.`,
      { hint: 'Replay it from its input instead: leave --from-failure out.' },
    );
  }
  const steps = stepsOf(failing, trace.spans);
  const [first, ...rest] = steps;
  if (first === undefined) {
    throw new NoVerdictError(
      'FORK_NO_CHECKPOINT',
      `The failing span ${JSON.stringify(failing.name)} of trace ${trace.id} names no checkpoint.`,
      {
        hint: 'Either it failed outside of every node, or the trace was recorded without metadata (hideMetadata). Replay it from its input instead: leave --from-failure out.',
      },
    );
  }
  if (trace.threadId === undefined || trace.threadId.startsWith('hidden-')) {
    throw new NoVerdictError(
      'FORK_NO_THREAD',
      trace.threadId === undefined
        ? `Run ${trace.id} was on no thread, so it has left no checkpoints.`
        : `The thread of run ${trace.id} was hidden when it was recorded.`,
      { hint: 'Replay it from its input instead: leave --from-failure out.' },
    );
  }
  return {
    threadId: trace.threadId,
    steps: [first, ...rest],
    name: steps.map(({ node }) => node).join('/'),
  };
}

function stepsOf(failing: Span, spans: readonly Span[]): PathStep[] {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const steps = new Map<string, PathStep>();
  const add = (step: PathStep | undefined) => {
    if (step !== undefined && !steps.has(step.taskId)) steps.set(step.taskId, step);
  };
  const enclosing: Span[] = [];
  for (let at: Span | undefined = failing; at !== undefined; at = byId.get(at.parentId ?? ''))
    enclosing.unshift(at);
  for (const span of enclosing) {
    const namespace = span.checkpointNs;
    if (namespace === undefined) continue;
    for (const step of parseNamespace(namespace)) add(step);
  }
  return [...steps.values()].map((step) => ({
    ...step,
    span: spans.find((span) => span.type === 'node' && lastTaskId(span.checkpointNs) === step.taskId),
  }));
}

/**
 * The tasks that a checkpoint namespace names, outermost first. Parts without a task id (see {@link failingPath}) only
 * place the ones behind them.
 */
export function parseNamespace(namespace: string): PathStep[] {
  const parts = namespace.split('|');
  return parts.flatMap((part, index) => {
    const colon = part.lastIndexOf(':');
    if (colon <= 0) return [];
    return [
      {
        node: part.slice(0, colon),
        taskId: part.slice(colon + 1),
        namespace: parts.slice(0, index).join('|'),
        span: undefined,
      },
    ];
  });
}

function lastTaskId(namespace: string | undefined): string | undefined {
  return namespace === undefined ? undefined : parseNamespace(namespace).at(-1)?.taskId;
}
