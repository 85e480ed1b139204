import { isRecord } from '../../core/index.ts';

/** What evaluators read of a chat message, whatever form it came in. */
export interface ChatMessage {
  readonly role: 'human' | 'ai' | 'tool' | 'other';
  /** The text of the content; content blocks that are not text are left out. */
  readonly text: string;
  readonly toolCalls: readonly string[];
  /** As the model reported it; undefined when it did not. */
  readonly totalTokens: number | undefined;
}

const ROLES = new Map<unknown, ChatMessage['role']>([
  ['human', 'human'],
  ['user', 'human'],
  ['ai', 'ai'],
  ['assistant', 'ai'],
  ['AIMessageChunk', 'ai'],
  ['tool', 'tool'],
  ['function', 'tool'],
]);

function toChatMessage(message: unknown): ChatMessage {
  if (typeof message === 'string')
    return { role: 'human', text: message, toolCalls: [], totalTokens: undefined };
  if (Array.isArray(message) && message.length === 2) {
    return toChatMessage({ type: message[0], content: message[1] });
  }
  if (!isRecord(message)) return { role: 'other', text: '', toolCalls: [], totalTokens: undefined };
  const usage = message['usage_metadata'];
  const total = isRecord(usage) ? usage['total_tokens'] : undefined;
  return {
    role: ROLES.get(message['type'] ?? message['role']) ?? 'other',
    text: contentText(message['content']),
    toolCalls: toolNames(message['tool_calls']),
    totalTokens: typeof total === 'number' && Number.isFinite(total) ? total : undefined,
  };
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((block: unknown) =>
      typeof block === 'string' ? block : isRecord(block) && block['type'] === 'text' ? block['text'] : '',
    )
    .filter((text): text is string => typeof text === 'string' && text !== '')
    .join('\n');
}

/** Names in LangChain's form (`name`) or OpenAI's (`function.name`). */
function toolNames(calls: unknown): string[] {
  if (!Array.isArray(calls)) return [];
  return calls.flatMap((call: unknown) => {
    if (!isRecord(call)) return [];
    const inner = call['function'];
    const name = call['name'] ?? (isRecord(inner) ? inner['name'] : undefined);
    return typeof name === 'string' ? [name] : [];
  });
}

/**
 * The messages that the run added: `outputs.messages` without the conversation it was called with. A graph's state
 * begins with its input, and what was said in an earlier turn is not what this run did.
 */
export function addedMessages(
  inputs: Record<string, unknown>,
  outputs: Record<string, unknown>,
): readonly ChatMessage[] {
  const after = outputs['messages'];
  if (!Array.isArray(after)) return [];
  const before: unknown[] = Array.isArray(inputs['messages']) ? inputs['messages'] : [];
  const messages = after.map(toChatMessage);
  let shared = 0;
  for (const given of before.map(toChatMessage)) {
    const kept = messages[shared];
    if (kept === undefined || kept.role !== given.role || kept.text !== given.text) break;
    shared += 1;
  }
  return messages.slice(shared);
}

/**
 * The text of the final answer: the last AI message after the last human one; where there is no text in it,
 * `outputs.answer` or `outputs.output` if they are text. Empty when there is none.
 */
export function finalAnswer(inputs: Record<string, unknown>, outputs: Record<string, unknown>): string {
  const messages = addedMessages(inputs, outputs);
  const lastHuman = messages.findLastIndex((message) => message.role === 'human');
  const last = messages.slice(lastHuman + 1).findLast((message) => message.role === 'ai');
  if (last !== undefined && last.text.trim() !== '') return last.text;
  for (const field of ['answer', 'output']) {
    const text = outputs[field];
    if (typeof text === 'string') return text;
  }
  return '';
}
