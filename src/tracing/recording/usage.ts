import { isRecord, type Usage } from '../../core/index.ts';
import type { RawSpan } from './raw-trace.ts';

/** The tokens of a model call, also when its payloads were given up meanwhile; undefined when none were reported. */
export function spanUsage(span: RawSpan): Usage | undefined {
  if (span.type !== 'llm') return undefined;
  return span.usage ?? readUsage(span.outputs) ?? fromMetadata(span.metadata['usage_metadata']);
}

/**
 * What the result of a model call says of its tokens. LangChain's chat models report them on the message, its older models
 * on the result, and langsmith's `traceable` and wrappers beside the outputs.
 */
export function readUsage(result: unknown): Usage | undefined {
  if (!isRecord(result)) return undefined;
  const usages: Usage[] = [];
  for (const generation of asArray(result['generations']).flatMap(asArray)) {
    const message = isRecord(generation) ? generation['message'] : undefined;
    const usage = isRecord(message) ? fromMetadata(message['usage_metadata']) : undefined;
    if (usage !== undefined) usages.push(usage);
  }
  if (usages.length > 0) return usages.reduce(addUsage);
  const llmOutput = result['llmOutput'];
  const tokens = isRecord(llmOutput) ? llmOutput['tokenUsage'] : undefined;
  return isRecord(tokens)
    ? makeUsage(tokens['promptTokens'], tokens['completionTokens'], tokens['totalTokens'])
    : fromMetadata(result['usage_metadata']);
}

/** What {@link countedUsages} reads of a span. */
interface PlacedUsage {
  readonly id: string;
  readonly parentId?: string | null | undefined;
}

/**
 * The usages that add up to that of the whole trace. A model call around another one that reports its tokens says them
 * again (a `traceable` around a LangChain model, a model that calls a wrapped client): the innermost one counts.
 */
export function countedUsages<Span extends PlacedUsage>(
  spans: readonly Span[],
  usageOf: (span: Span) => Usage | undefined,
): ReadonlyMap<Span, Usage> {
  const counted = new Map<Span, Usage>();
  for (const span of spans) {
    const usage = usageOf(span);
    if (usage !== undefined) counted.set(span, usage);
  }
  if (counted.size < 2) return counted;
  const byId = new Map(spans.map((span) => [span.id, span]));
  for (const [reporting, { totalTokens }] of [...counted]) {
    if (totalTokens === 0) continue;
    const passed = new Set([reporting]);
    let enclosing = byId.get(reporting.parentId ?? '');
    while (enclosing !== undefined && !passed.has(enclosing)) {
      passed.add(enclosing);
      counted.delete(enclosing);
      enclosing = byId.get(enclosing.parentId ?? '');
    }
  }
  return counted;
}

/** The sum of two usages. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  };
}

/** LangChain's form of a usage, which LangSmith has too. */
function fromMetadata(usage: unknown): Usage | undefined {
  return isRecord(usage)
    ? makeUsage(usage['input_tokens'], usage['output_tokens'], usage['total_tokens'])
    : undefined;
}

function makeUsage(input: unknown, output: unknown, total: unknown): Usage {
  const inputTokens = count(input);
  const outputTokens = count(output);
  return { inputTokens, outputTokens, totalTokens: count(total) || inputTokens + outputTokens };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
