import { rootSpan, type Span, type Trace } from '../core/index.ts';

/**
 * What a recorded run did from the failing node on: what a fork runs again, and is compared with. Of the superstep of the
 * failing node only the nodes that the fork runs again are kept; those that had finished beside it are not part of it.
 *
 * @param node The failing node, after the nodes around it: `outer/inner`.
 * @param again Names of the nodes of the outermost graph that the fork ran first; undefined before it has run: the node itself.
 */
export function forkTail(trace: Trace, node: string, again?: ReadonlySet<string>): Trace {
  const root = rootSpan(trace);
  const outermost = node.split('/', 1)[0] ?? node;
  const tasks = trace.spans.filter((span) => span.type === 'node' && span.parentId === root.id);
  const failing = tasks.findLast((span) => span.name === outermost && span.outcome === 'error');
  const step = failing?.step ?? tasks.findLast((span) => span.name === outermost)?.step;
  if (step === undefined) return trace;
  const first = again ?? new Set([outermost]);
  const isKept = (task: Span): boolean => {
    const at = task.step ?? 0;
    return at > step || (at === step && first.has(task.name));
  };
  const kept = new Set([root.id, ...tasks.filter(isKept).map(({ id }) => id)]);
  // Parents stand before their children.
  const spans = trace.spans.filter((span) => {
    if (span === root || kept.has(span.id)) return true;
    if (span.parentId === null || !kept.has(span.parentId) || span.parentId === root.id) return false;
    kept.add(span.id);
    return true;
  });
  return { ...trace, spans };
}

/** Names of the nodes that a run began with. */
export function firstNodes(trace: Trace): ReadonlySet<string> {
  const root = rootSpan(trace);
  const tasks = trace.spans.filter(
    (span) => span.type === 'node' && span.parentId === root.id && span.name !== '__start__',
  );
  const first = Math.min(...tasks.map(({ step }) => step ?? 0));
  return new Set(tasks.filter(({ step }) => (step ?? 0) === first).map(({ name }) => name));
}
