import { rootSpan, type Span, type Trace } from '../../core/index.ts';

/** A span with its place in the tree as it is drawn. */
export interface TreeLine {
  readonly span: Span;
  /** Drawn before the span itself: `│  ├─ `. Empty for the root. */
  readonly branch: string;
  /** Drawn before further lines about the span, so that the branches below it stay connected. */
  readonly stem: string;
  /** The spans directly inside. */
  readonly children: readonly Span[];
}

/**
 * Every span of a trace once, parents before children, siblings by start time. A span whose parent is not in the trace,
 * or whose parents form a circle, hangs from the root, so that nothing recorded goes unseen.
 */
export function spanTree(trace: Trace): TreeLine[] {
  const root = rootSpan(trace);
  const childrenOf = new Map<string, Span[]>();
  const known = new Set(trace.spans.map((span) => span.id));
  const hang = (span: Span, parentId: string) => {
    const siblings = childrenOf.get(parentId) ?? [];
    siblings.push(span);
    childrenOf.set(parentId, siblings);
  };
  const reachesRoot = rootReachability(trace, root);
  for (const span of trace.spans) {
    if (span === root) continue;
    const parentId = span.parentId;
    hang(span, parentId !== null && known.has(parentId) && reachesRoot(span) ? parentId : root.id);
  }

  const lines: TreeLine[] = [];
  const drawn = new Set<string>();
  // A stack of its own: a trace can be nested deeper than calls can.
  const pending = [{ span: root, branch: '', trunk: '' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { span, branch, trunk } = next;
    // Of two spans with one id the first has the children.
    const children = drawn.has(span.id) ? [] : (childrenOf.get(span.id) ?? []).toSorted(byStart);
    drawn.add(span.id);
    lines.push({ span, branch, stem: `${trunk}${children.length > 0 ? '│ ' : '  '}`, children });
    for (const [index, child] of [...children.entries()].reverse()) {
      const isLast = index === children.length - 1;
      pending.push({
        span: child,
        branch: `${trunk}${isLast ? '└─ ' : '├─ '}`,
        trunk: `${trunk}${isLast ? '   ' : '│  '}`,
      });
    }
  }
  return lines;
}

function byStart(a: Span, b: Span): number {
  return a.startTimeMs - b.startTimeMs;
}

/** Whether following the parents of a span ends at the root, or at a span whose parent is missing. */
function rootReachability(trace: Trace, root: Span): (span: Span) => boolean {
  const byId = new Map(trace.spans.map((span) => [span.id, span]));
  const answers = new Map<Span, boolean>([[root, true]]);
  return (start) => {
    const path = new Set<Span>();
    let at: Span | undefined = start;
    while (at !== undefined && !answers.has(at) && !path.has(at)) {
      path.add(at);
      at = at.parentId === null ? undefined : byId.get(at.parentId);
    }
    const answer = at === undefined || answers.get(at) === true;
    for (const span of path) answers.set(span, answer);
    return answer;
  };
}
