import { isRecord } from '../../core/index.ts';
import type { CallUsage } from '../experiment.ts';

/** What a model's tokens cost, in dollars for a million of them. */
export interface ModelPrice {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
}

/** Prices by the model's name as answers give it; `*` is for every other one. */
export type ModelPrices = Readonly<Record<string, ModelPrice>>;

/** What an answer says of its models. */
export interface AnswerUsage extends CallUsage {
  /** Models without a price; empty where all have one. */
  readonly unpriced: readonly string[];
}

/**
 * The tokens that the messages of an answer report (`usage_metadata`, as LangChain writes it), those of the conversation
 * it was called with left out, and their cost. Undefined where no message reports any. What a judge takes to score the
 * answer is not in it.
 */
export function answerUsage(
  inputs: Record<string, unknown>,
  outputs: Record<string, unknown>,
  prices: ModelPrices = {},
): AnswerUsage | undefined {
  const given = new Set(messagesOf(inputs).flatMap(idOf));
  const unpriced = new Set<string>();
  let inputTokens = 0;
  let outputTokens = 0;
  let usd = 0;
  let reports = 0;
  for (const message of messagesOf(outputs)) {
    const usage = message['usage_metadata'];
    if (!isRecord(usage) || idOf(message).some((id) => given.has(id))) continue;
    const input = count(usage['input_tokens']);
    const output = count(usage['output_tokens']);
    const model = modelOf(message);
    const price = Object.hasOwn(prices, model) ? prices[model] : prices['*'];
    if (price === undefined) unpriced.add(model);
    else usd += (input * price.inputPerMillion + output * price.outputPerMillion) / 1_000_000;
    inputTokens += input;
    outputTokens += output;
    reports += 1;
  }
  if (reports === 0) return undefined;
  return { inputTokens, outputTokens, ...(unpriced.size > 0 ? {} : { usd }), unpriced: [...unpriced] };
}

/** Serialized messages keep their fields in `kwargs`. */
function messagesOf(state: Record<string, unknown>): Record<string, unknown>[] {
  const messages = state['messages'];
  if (!Array.isArray(messages)) return [];
  return messages
    .filter(isRecord)
    .map((message) => (isRecord(message['kwargs']) ? message['kwargs'] : message));
}

function idOf(message: Record<string, unknown>): string[] {
  return typeof message['id'] === 'string' ? [message['id']] : [];
}

const NO_NAME = 'a model without a name';

function modelOf(message: Record<string, unknown>): string {
  const metadata = message['response_metadata'];
  if (!isRecord(metadata)) return NO_NAME;
  const name = metadata['model_name'] ?? metadata['model'];
  return typeof name === 'string' && name !== '' ? name : NO_NAME;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
