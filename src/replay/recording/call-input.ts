import { createHash } from 'node:crypto';
import { isRecord, stableStringify } from '../../core/index.ts';

/** What a call was given, in a form in which recorded and live calls can be compared. */
export interface CallInput {
  /** JSON without the ids that LangChain makes up. */
  readonly json: unknown;
  /** Equal for equal content. */
  readonly exactHash: string;
  /** Equal also when only UUIDs and points in time inside of it differ. */
  readonly looseHash: string;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** ISO 8601 with a time of day: a date alone is more often an argument than a timestamp. */
const ISO_TIME = /\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?/g;
/** Milliseconds since the epoch between 2017 and 2033. */
const EARLIEST_MS = 1.5e12;
const LATEST_MS = 2e12;

/**
 * The input of a chat model: its messages, live or as recorded (`lc: 1`, or plain `{type, content}` as other tools store
 * them). Message ids, ids of tool calls, usage and response metadata are left out: they differ between two runs of the
 * same graph.
 */
export function messagesInput(messages: readonly unknown[]): CallInput {
  return callInput(messages.map(plainMessage));
}

/** The input of a text model: its prompt. */
export function promptInput(prompt: string): CallInput {
  return callInput(prompt);
}

/**
 * The input of a tool, which callbacks are given as JSON text.
 *
 * @param input Arguments as an object, or the text.
 */
export function toolInput(input: unknown): CallInput {
  return callInput(typeof input === 'string' ? parsed(input) : plain(input));
}

/** The input of a retriever: its query. */
export function queryInput(query: string): CallInput {
  return callInput(query);
}

/** The body of a request to a model's API. How the answer is sent is not part of it. */
export function requestInput(body: unknown): CallInput {
  const json = plain(body);
  if (!isRecord(json)) return callInput(json);
  const { stream: _stream, stream_options: _options, ...rest } = json;
  return callInput(rest);
}

/**
 * The input of a whole run: messages in any of the forms that LangGraph takes are the same message, and their ids do not
 * count.
 */
export function runInput(input: unknown): CallInput {
  return callInput(withPlainMessages(plain(input)));
}

function withPlainMessages(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withPlainMessages);
  if (!isRecord(json)) return json;
  const isSerialized = json['lc'] === 1 && isRecord(json['kwargs']);
  const isPlain = 'content' in json && ('role' in json || 'type' in json);
  if (isSerialized || isPlain) return plainMessage(json);
  return Object.fromEntries(Object.entries(json).map(([key, member]) => [key, withPlainMessages(member)]));
}

function callInput(json: unknown): CallInput {
  return { json, exactHash: hash(json), looseHash: hash(withoutMoments(json)) };
}

function hash(json: unknown): string {
  return createHash('sha256').update(stableStringify(json)).digest('hex').slice(0, 32);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return text;
    throw thrown;
  }
}

/** What is left of a value once it is written as JSON, which is how it is recorded. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? String(member) : member,
  );
  return text === undefined ? null : JSON.parse(text);
}

function plainMessage(message: unknown): unknown {
  const json = plain(message);
  if (!isRecord(json)) return json;
  const { kwargs, id } = json;
  if (isRecord(kwargs) && Array.isArray(id)) {
    return messageFields(typeOfClass(String(id.at(-1))), kwargs);
  }
  const type = json['type'] ?? json['role'];
  return typeof type === 'string' ? messageFields(TYPE_OF_ROLE[type] ?? type, json) : json;
}

const TYPE_OF_ROLE: Readonly<Record<string, string>> = { user: 'human', assistant: 'ai' };

/** `AIMessageChunk` is `ai`, as a whole message is. */
function typeOfClass(name: string): string {
  return name.replace(/Message(Chunk)?$/, '').toLowerCase();
}

function messageFields(type: string, fields: Readonly<Record<string, unknown>>): unknown {
  const { content, name, tool_calls: toolCalls } = fields;
  return {
    type,
    content: withoutBlockIds(content ?? ''),
    ...(typeof name === 'string' ? { name } : {}),
    ...(Array.isArray(toolCalls) && toolCalls.length > 0 ? { tool_calls: toolCalls.map(plainToolCall) } : {}),
    ...(type === 'chat' && typeof fields['role'] === 'string' ? { role: fields['role'] } : {}),
  };
}

function plainToolCall(call: unknown): unknown {
  return isRecord(call) ? { name: call['name'], args: call['args'] } : call;
}

/** Blocks of content have ids that the API of the model made up. */
function withoutBlockIds(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  return content.map((block: unknown) => {
    if (!isRecord(block)) return block;
    const { id: _id, index: _index, ...rest } = block;
    return rest;
  });
}

function withoutMoments(json: unknown): unknown {
  if (typeof json === 'string') return json.replace(UUID, '<uuid>').replace(ISO_TIME, '<time>');
  if (typeof json === 'number') return json > EARLIEST_MS && json < LATEST_MS ? '<time>' : json;
  if (Array.isArray(json)) return json.map(withoutMoments);
  if (!isRecord(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([key, member]) => [key, withoutMoments(member)]));
}
