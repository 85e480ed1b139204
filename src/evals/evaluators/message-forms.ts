import { isRecord } from '../../core/index.ts';

const OPENAI_ROLES = new Map<unknown, string>([
  ['human', 'user'],
  ['ai', 'assistant'],
  ['tool', 'tool'],
  ['system', 'system'],
]);

/**
 * Gives LangChain messages in their plain form (`type`, `tool_calls[].name` and `.args`) OpenAI's fields as well (`role`,
 * `tool_calls[].function`). openevals and agentevals read plain messages as OpenAI's: without these fields every tool
 * call compares as undefined with undefined, and so as equal. Other values are returned as they are.
 */
export function withBothMessageForms(values: Record<string, unknown>): Record<string, unknown> {
  const messages = values['messages'];
  if (!Array.isArray(messages)) return values;
  return { ...values, messages: messages.map(bothForms) };
}

function bothForms(message: unknown): unknown {
  if (!isRecord(message) || 'role' in message) return message;
  const role = OPENAI_ROLES.get(message['type']);
  if (role === undefined) return message;
  const { tool_calls: calls, ...rest } = message;
  // agentevals takes an empty list for tool calls that a message without the field lacks.
  if (!Array.isArray(calls) || calls.length === 0) return { ...rest, role };
  return { ...rest, role, tool_calls: calls.map(withFunction) };
}

function withFunction(call: unknown): unknown {
  if (!isRecord(call) || 'function' in call || typeof call['name'] !== 'string') return call;
  return {
    ...call,
    type: 'function',
    function: { name: call['name'], arguments: JSON.stringify(call['args'] ?? {}) },
  };
}
