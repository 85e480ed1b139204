import { isRecord } from '../../core/index.ts';
import { visibleText } from './visible-text.ts';

/** A text that may have been cut. */
export interface Excerpt {
  readonly text: string;
  /** Characters that were left out at its end; 0 for a whole text. */
  readonly cut: number;
}

/** A tool call of a message. */
export interface ToolCallView {
  readonly name: string;
  /** Its arguments as JSON. */
  readonly args: Excerpt;
}

/** One message of a conversation. */
export interface Turn {
  /** `user`, `assistant`, `tool look_up_order`, `tool look_up_order (error)`. */
  readonly speaker: string;
  readonly text: Excerpt;
  readonly calls: readonly ToolCallView[];
}

/** An object as a report shows it: its conversation, and the rest as JSON. */
export interface PayloadView {
  readonly turns: readonly Turn[];
  /** Turns that were left out at the end. */
  readonly turnsCut: number;
  /** The other fields as indented JSON; null when there is none. */
  readonly rest: Excerpt | null;
}

/** Options of {@link payloadView}. */
export interface PayloadOptions {
  /** Characters of all texts together; each text gets what those before it left. */
  readonly maxChars: number;
  /** A conversation that came before: where `messages` begins with it, it is left out. */
  readonly after?: Readonly<Record<string, unknown>> | undefined;
}

const SPEAKERS: ReadonlyMap<unknown, string> = new Map([
  ['human', 'user'],
  ['user', 'user'],
  ['ai', 'assistant'],
  ['assistant', 'assistant'],
  ['AIMessageChunk', 'assistant'],
  ['system', 'system'],
  ['developer', 'system'],
  ['tool', 'tool'],
  ['function', 'tool'],
]);

/** Turns of one payload; a longer conversation is cut. */
const MAX_TURNS = 60;

interface Message {
  readonly speaker: string;
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly args: string }[];
}

/**
 * Inputs, reference or outputs of an example as a report shows them, within a bound. A `messages` list in the forms of
 * LangChain or OpenAI becomes a conversation with its tool calls; anything else is JSON. Pure.
 */
export function payloadView(
  value: Readonly<Record<string, unknown>>,
  { maxChars, after }: PayloadOptions,
): PayloadView {
  let left = maxChars;
  const excerpt = (text: string): Excerpt => {
    const isLonger = text.length > left;
    const whole = visibleText(isLonger ? wholeCharacters(text.slice(0, left)) : text);
    // Marks written out are longer than they were.
    const kept = whole.length <= left ? whole : wholeCharacters(whole.slice(0, left));
    left -= kept.length;
    return {
      text: kept,
      cut: isLonger ? Math.max(1, text.length - kept.length) : whole.length - kept.length,
    };
  };
  const messages = toMessages(value['messages']);
  const { messages: _messages, ...others } = value;
  const rest = messages === undefined ? value : others;
  const added = messages === undefined ? [] : withoutStart(messages, toMessages(after?.['messages']) ?? []);
  const turns = added.slice(0, MAX_TURNS).map(
    ({ speaker, text, calls }): Turn => ({
      speaker: visibleText(speaker),
      text: excerpt(text),
      calls: calls.map(({ name, args }) => ({ name: visibleText(name.slice(0, 200)), args: excerpt(args) })),
    }),
  );
  return {
    turns,
    turnsCut: added.length - turns.length,
    rest: Object.keys(rest).length === 0 ? null : excerpt(JSON.stringify(rest, null, 2)),
  };
}

/** Without half a character at the end, which is no text. */
function wholeCharacters(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}

function withoutStart(messages: readonly Message[], before: readonly Message[]): readonly Message[] {
  let shared = 0;
  for (const given of before) {
    const kept = messages[shared];
    if (kept === undefined || kept.speaker !== given.speaker || kept.text !== given.text) break;
    shared += 1;
  }
  return messages.slice(shared);
}

/** Undefined for what is no list of messages: then it is shown as it is. */
function toMessages(value: unknown): readonly Message[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const messages: Message[] = [];
  for (const each of value) {
    const message = toMessage(each);
    if (message === undefined) return undefined;
    messages.push(message);
  }
  return messages;
}

function toMessage(value: unknown): Message | undefined {
  if (typeof value === 'string') return { speaker: 'user', text: value, calls: [] };
  if (Array.isArray(value))
    return value.length === 2 ? toMessage({ type: value[0], content: value[1] }) : undefined;
  if (!isRecord(value)) return undefined;
  const serialized = serializedFields(value);
  const fields = serialized?.fields ?? value;
  const speaker = SPEAKERS.get(serialized?.speaker ?? value['role'] ?? value['type']);
  const text = contentText(fields['content']);
  if (speaker === undefined || text === undefined) return undefined;
  const name = typeof fields['name'] === 'string' ? ` ${fields['name'].slice(0, 200)}` : '';
  const failed = fields['status'] === 'error' ? ' (error)' : '';
  return { speaker: `${speaker}${name}${failed}`, text, calls: toolCalls(fields['tool_calls']) };
}

/** A message as LangChain serializes it: `{lc: 1, id: [..., 'AIMessage'], kwargs}`. */
function serializedFields(
  value: Readonly<Record<string, unknown>>,
): { readonly speaker: string; readonly fields: Readonly<Record<string, unknown>> } | undefined {
  const path = value['id'];
  if (value['lc'] !== 1 || !Array.isArray(path) || !isRecord(value['kwargs'])) return undefined;
  const kind = /^(\w+?)Message(?:Chunk)?$/.exec(String(path.at(-1)))?.[1];
  return kind === undefined ? undefined : { speaker: kind.toLowerCase(), fields: value['kwargs'] };
}

/** Undefined for content in a form that is not known: nothing of an answer is hidden. */
function contentText(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (content === null || content === undefined) return '';
  if (!Array.isArray(content)) return undefined;
  return content
    .map((block: unknown) => {
      if (typeof block === 'string') return block;
      if (isRecord(block) && typeof block['text'] === 'string') return block['text'];
      return JSON.stringify(block);
    })
    .join('\n');
}

function toolCalls(calls: unknown): Message['calls'] {
  if (!Array.isArray(calls)) return [];
  return calls.filter(isRecord).map((call) => {
    const openAi = isRecord(call['function']) ? call['function'] : undefined;
    const args = openAi?.['arguments'] ?? call['args'] ?? {};
    return {
      name: String(openAi?.['name'] ?? call['name'] ?? 'tool'),
      args: typeof args === 'string' ? args : JSON.stringify(args),
    };
  });
}
