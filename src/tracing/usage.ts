import { isRecord, type Usage } from '../core/index.ts';
import type { RawSpan } from './raw-trace.ts';

/** The tokens of a model call, also when its payloads were given up meanwhile; undefined when none were reported. */
export function spanUsage(span: RawSpan): Usage | undefined {
  if (span.type !== 'llm') return undefined;
  return span.usage ?? readUsage(span.outputs);
}

/** Chat models report usage on the message, older ones on the result. */
export function readUsage(result: unknown): Usage | undefined {
  if (!isRecord(result)) return undefined;
  const usages: Usage[] = [];
  for (const generation of asArray(result['generations']).flatMap(asArray)) {
    const message = isRecord(generation) ? generation['message'] : undefined;
    const usage = isRecord(message) ? message['usage_metadata'] : undefined;
    if (isRecord(usage)) {
      usages.push(makeUsage(usage['input_tokens'], usage['output_tokens'], usage['total_tokens']));
    }
  }
  if (usages.length > 0) return usages.reduce(addUsage);
  const llmOutput = result['llmOutput'];
  const tokens = isRecord(llmOutput) ? llmOutput['tokenUsage'] : undefined;
  return isRecord(tokens)
    ? makeUsage(tokens['promptTokens'], tokens['completionTokens'], tokens['totalTokens'])
    : undefined;
}

/** The sum of two usages. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
  };
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
