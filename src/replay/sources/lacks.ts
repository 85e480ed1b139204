import type { PayloadGap, Span, Trace } from '../../core/index.ts';

const WORDS: Readonly<Record<PayloadGap['reason'], string>> = {
  hidden: 'were hidden when the run was recorded',
  truncated: 'were cut when the run was recorded',
  unserializable: 'could not be written when the run was recorded',
};

/** Payloads that a record lacks, in sentences: `The outputs of 3 of 12 spans were cut ...: draft, look_up_order.` */
export function lacksOf(trace: Trace): string[] {
  const groups = new Map<string, { readonly gap: PayloadGap; readonly spans: Span[] }>();
  for (const span of trace.spans) {
    for (const gap of span.gaps) {
      const key = `${gap.field} ${gap.reason}`;
      const group = groups.get(key) ?? { gap, spans: [] };
      group.spans.push(span);
      groups.set(key, group);
    }
  }
  return [...groups.values()].map(({ gap, spans }) => {
    const names = [
      ...new Set(spans.map(({ node, name }) => (node === undefined ? name : `${node}/${name}`))),
    ];
    const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
    return `The ${gap.field} of ${spans.length} of ${trace.spans.length} spans ${WORDS[gap.reason]}: ${shown}.`;
  });
}
