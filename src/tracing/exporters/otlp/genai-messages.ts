import { isRecord } from '../../../core/index.ts';

/** A part of a message, by the schema of `gen_ai.input.messages`; parts of other types are passed on as they are. */
export type GenAiPart = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A message by the schemas of `gen_ai.input.messages` and `gen_ai.output.messages`. */
export interface GenAiMessage {
  readonly role: string;
  readonly parts: readonly GenAiPart[];
  /** Of what a model answered. */
  readonly finish_reason?: string;
}

/** Roles by LangChain's message types and by the class names of their serialized form. */
const ROLES: Readonly<Record<string, string>> = {
  human: 'user',
  ai: 'assistant',
  system: 'system',
  developer: 'system',
  tool: 'tool',
  function: 'tool',
  user: 'user',
  assistant: 'assistant',
};

/**
 * Messages in the form of the conventions, from a list of LangChain's serialized messages (`lc: 1`), plain ones
 * (`{role, content}` or `{type, content}`) or pairs of role and text. Undefined when a member is none of these: half a
 * conversation would be misleading.
 */
export function toGenAiMessages(value: unknown): readonly GenAiMessage[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const messages: GenAiMessage[] = [];
  for (const member of value) {
    const message = toGenAiMessage(member);
    if (message === undefined) return undefined;
    messages.push(message);
  }
  return messages;
}

/** One message, or undefined for anything else. */
export function toGenAiMessage(value: unknown, finishReason?: string): GenAiMessage | undefined {
  const fields = messageFields(value);
  if (fields === undefined) return undefined;
  const { role, content, body } = fields;
  return {
    role,
    parts: role === 'tool' ? [toolResponse(body, content)] : [...contentParts(content), ...toolCalls(body)],
    ...(finishReason === undefined ? {} : { finish_reason: finishReason }),
  };
}

/** The fields of a serialized or plain message, whichever it is. */
export function messageBody(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(value)) return undefined;
  return value['lc'] === 1 && isRecord(value['kwargs']) ? value['kwargs'] : value;
}

interface MessageFields {
  readonly role: string;
  readonly content: unknown;
  readonly body: Readonly<Record<string, unknown>>;
}

function messageFields(value: unknown): MessageFields | undefined {
  if (Array.isArray(value)) {
    const [role, content] = value;
    return value.length === 2 && typeof role === 'string' ? withRole(role, { content }) : undefined;
  }
  const body = messageBody(value);
  if (body === undefined || !isRecord(value)) return undefined;
  if (value['lc'] === 1) return withRole(className(value['id']), body);
  return withRole(body['role'] ?? body['type'], body);
}

function withRole(name: unknown, body: Readonly<Record<string, unknown>>): MessageFields | undefined {
  if (typeof name !== 'string' || !('content' in body)) return undefined;
  // A ChatMessage has its role as a field of its own.
  const known = Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
  const role = known ?? (name === 'chat' && typeof body['role'] === 'string' ? body['role'] : undefined);
  return role === undefined ? undefined : { role, content: body['content'], body };
}

/** `AIMessageChunk` -> `ai`. */
function className(id: unknown): string | undefined {
  const name: unknown = Array.isArray(id) ? id.at(-1) : undefined;
  return typeof name === 'string' ? name.replace(/Message(Chunk)?$/, '').toLowerCase() : undefined;
}

function contentParts(content: unknown): GenAiPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((block: unknown): GenAiPart[] => {
    if (typeof block === 'string') return [{ type: 'text', content: block }];
    if (!isRecord(block) || typeof block['type'] !== 'string') return [];
    switch (block['type']) {
      case 'text':
        return [{ type: 'text', content: block['text'] ?? '' }];
      case 'thinking':
        return [{ type: 'reasoning', content: block['thinking'] ?? '' }];
      case 'reasoning':
        return [{ type: 'reasoning', content: block['reasoning'] ?? block['summary'] ?? '' }];
      // Providers repeat the call as a block; it is in `tool_calls` as well.
      case 'tool_use':
      case 'tool_call':
        return [];
      default:
        return [{ ...block, type: block['type'] }];
    }
  });
}

function toolCalls(body: Readonly<Record<string, unknown>>): GenAiPart[] {
  const calls = body['tool_calls'];
  if (!Array.isArray(calls)) return [];
  return calls.filter(isRecord).map((call) => ({
    type: 'tool_call',
    id: call['id'] ?? null,
    name: call['name'],
    arguments: call['args'],
  }));
}

function toolResponse(body: Readonly<Record<string, unknown>>, content: unknown): GenAiPart {
  return { type: 'tool_call_response', id: body['tool_call_id'] ?? null, response: content };
}
