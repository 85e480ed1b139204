import { isRecord } from '../../core/index.ts';

/** A message of a conversation, as far as a reader needs it. */
export interface MessageText {
  /** `human`, `ai`, `tool lookup_order (error)`. */
  readonly speaker: string;
  /** What was said, with the tool calls in brackets behind it. */
  readonly text: string;
}

/** Reads a message in LangChain's serialized form, as a plain `{type, content}` or as `{role, content}`. */
export function messageText(value: unknown): MessageText | undefined {
  if (!isRecord(value)) return undefined;
  const serialized = serializedClass(value);
  if (serialized !== undefined) {
    const kind = /^(\w+?)Message(?:Chunk)?$/.exec(serialized.name)?.[1];
    if (kind === undefined || !('content' in serialized.fields)) return undefined;
    return describe(
      kind === 'Chat' ? String(serialized.fields['role']) : kind.toLowerCase(),
      serialized.fields,
    );
  }
  const speaker = value['role'] ?? value['type'];
  if (typeof speaker !== 'string' || !SPEAKERS.has(speaker) || !isContent(value['content'])) return undefined;
  return describe(speaker, value);
}

const SPEAKERS = new Set([
  'human',
  'user',
  'ai',
  'assistant',
  'system',
  'developer',
  'tool',
  'function',
  'remove',
]);

/** An object as LangChain serializes it, `{lc: 1, id: [..., class], kwargs}`: its class and its fields. */
export function serializedClass(
  value: Readonly<Record<string, unknown>>,
): { readonly name: string; readonly fields: Readonly<Record<string, unknown>> } | undefined {
  const path = value['id'];
  if (value['lc'] !== 1 || !Array.isArray(path)) return undefined;
  const name: unknown = path.at(-1);
  if (typeof name !== 'string') return undefined;
  return { name, fields: isRecord(value['kwargs']) ? value['kwargs'] : {} };
}

function describe(speaker: string, fields: Readonly<Record<string, unknown>>): MessageText {
  const name = typeof fields['name'] === 'string' ? ` ${fields['name']}` : '';
  const failed = fields['status'] === 'error' ? ' (error)' : '';
  const parts = [contentText(fields['content']), callsText(fields['tool_calls'])].filter(
    (part) => part !== '',
  );
  return { speaker: `${speaker}${name}${failed}`, text: parts.join(' ') };
}

function isContent(content: unknown): boolean {
  return typeof content === 'string' || Array.isArray(content);
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return content == null ? '' : JSON.stringify(content);
  return content
    .map((block: unknown) => {
      if (typeof block === 'string') return block;
      if (!isRecord(block)) return JSON.stringify(block);
      return typeof block['text'] === 'string' ? block['text'] : `[${String(block['type'] ?? 'content')}]`;
    })
    .join(' ');
}

/** `[calls lookup_order({"id":"A-1"})]`, in LangChain's form or OpenAI's. */
function callsText(calls: unknown): string {
  if (!Array.isArray(calls) || calls.length === 0) return '';
  const described = calls.filter(isRecord).map((call) => {
    const openAi = isRecord(call['function']) ? call['function'] : undefined;
    const args = openAi?.['arguments'] ?? call['args'] ?? {};
    return `${String(openAi?.['name'] ?? call['name'])}(${typeof args === 'string' ? args : JSON.stringify(args)})`;
  });
  return `[calls ${described.join(', ')}]`;
}
