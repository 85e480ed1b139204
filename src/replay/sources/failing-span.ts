import type { Span } from '../../core/index.ts';

/** The deepest span on the way of the first failure down from the root. */
export function failingSpan(spans: readonly Span[], rootId: string): Span | undefined {
  let at = spans.find(({ id, outcome }) => id === rootId && outcome === 'error');
  for (const seen = new Set<Span>(); at !== undefined && !seen.has(at); ) {
    seen.add(at);
    const parent = at;
    const child = spans.find(({ parentId, outcome }) => parentId === parent.id && outcome === 'error');
    if (child === undefined) return parent;
    at = child;
  }
  return at;
}
