import { isRecord, type Span } from '../../../core/index.ts';

/**
 * The token usage of a model call as LangChain reports it, with its details (`input_token_details` and so on), summed over
 * the generations. From the outputs where they are recorded, else from the counts of the span; undefined when the model
 * reported none.
 */
export function usageMetadata(span: Span): Record<string, unknown> | undefined {
  const reported = isRecord(span.outputs) ? fromGenerations(span.outputs['generations']) : [];
  if (reported.length > 0) {
    // LangChain's tracer always has both, empty where the model says nothing.
    return { input_token_details: {}, output_token_details: {}, ...reported.reduce(sum) };
  }
  // langsmith's own `traceable` and wrappers report beside the outputs, or in the metadata.
  const own = isRecord(span.outputs) ? span.outputs['usage_metadata'] : undefined;
  const metadata = isRecord(own) ? own : span.metadata['usage_metadata'];
  if (isRecord(metadata)) return metadata;
  if (span.usage === undefined) return undefined;
  const { inputTokens, outputTokens, totalTokens } = span.usage;
  return { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens: totalTokens };
}

function fromGenerations(generations: unknown): Record<string, unknown>[] {
  if (!Array.isArray(generations)) return [];
  return generations.flat().flatMap((generation: unknown) => {
    const message = isRecord(generation) ? generation['message'] : undefined;
    if (!isRecord(message)) return [];
    // Serialized messages keep their fields in `kwargs`.
    const fields = isRecord(message['kwargs']) ? message['kwargs'] : message;
    const usage = fields['usage_metadata'];
    return isRecord(usage) ? [usage] : [];
  });
}

/** Adds numbers at every depth; of anything else the first wins. */
function sum(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const total: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = total[key];
    if (typeof value === 'number' && typeof other === 'number') total[key] = other + value;
    else if (isRecord(value) && isRecord(other)) total[key] = sum(other, value);
    else total[key] ??= value;
  }
  return total;
}
