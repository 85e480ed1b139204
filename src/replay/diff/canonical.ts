import { isRecord } from '../../core/index.ts';
import type { Masker } from './volatile.ts';

/** A message as two runs are compared by it: without ids, usage and what the provider says about its answer. */
export interface CanonicalMessage {
  readonly role: string;
  readonly content: unknown;
  readonly name?: unknown;
  readonly toolCalls?: readonly { readonly call: string; readonly name: unknown; readonly args: unknown }[];
  /** The tool call that a tool's message answers, as `call 1`: the first that is named in the payload. */
  readonly answers?: string;
  readonly status?: unknown;
}

const ROLES: Readonly<Record<string, string>> = {
  human: 'human',
  user: 'human',
  ai: 'ai',
  assistant: 'ai',
  system: 'system',
  developer: 'system',
  tool: 'tool',
  function: 'function',
  remove: 'remove',
  chat: 'chat',
};

/** Nested deeper than this is a mistake in the record, and recursion would not end well. */
const MAX_DEPTH = 200;

/**
 * A recorded payload as two runs are compared by it: messages reduced to what was said, in whichever form they are; ids of
 * messages gone; ids of tool calls numbered in the order in which the payload names them; ids and times masked.
 */
export function canonical(payload: unknown, mask: Masker): unknown {
  const numbers = new Map<string, string>();
  const callNumber = (id: unknown): string => {
    const key = String(id);
    const known = numbers.get(key) ?? `call ${numbers.size + 1}`;
    numbers.set(key, known);
    return known;
  };
  const walk = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string' || typeof value === 'number') return mask(value);
    if (depth > MAX_DEPTH) return '[Too deep]';
    if (Array.isArray(value)) return value.map((member) => walk(member, depth + 1));
    if (!isRecord(value)) return value;
    const message = messageOf(value);
    if (message !== undefined) return reduced(message.role, message.body, depth);
    const serialized = value['lc'] === 1 && Array.isArray(value['id']) && isRecord(value['kwargs']);
    if (serialized) return { [String((value['id'] as unknown[]).at(-1))]: walk(value['kwargs'], depth + 1) };
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, depth + 1)]));
  };
  const reduced = (
    role: string,
    body: Readonly<Record<string, unknown>>,
    depth: number,
  ): CanonicalMessage => {
    const calls = Array.isArray(body['tool_calls']) ? body['tool_calls'].filter(isRecord) : [];
    return {
      role,
      content: walk(withoutCallBlocks(body['content']), depth + 1),
      // The name of a tool is with its call.
      ...(typeof body['name'] === 'string' && role !== 'tool' ? { name: walk(body['name'], depth + 1) } : {}),
      ...(calls.length === 0
        ? {}
        : {
            toolCalls: calls.map((call) => ({
              call: callNumber(call['id']),
              name: call['name'],
              args: walk(call['args'], depth + 1),
            })),
          }),
      ...(body['tool_call_id'] === undefined ? {} : { answers: callNumber(body['tool_call_id']) }),
      ...(body['status'] === 'error' ? { status: 'error' } : {}),
    };
  };
  return walk(payload, 0);
}

/** True for what {@link canonical} makes of a message. */
export function isCanonicalMessage(value: unknown): value is CanonicalMessage {
  return isRecord(value) && typeof value['role'] === 'string' && 'content' in value;
}

/** Providers repeat tool calls as blocks of the content, with ids of their own; they are in `tool_calls` as well. */
function withoutCallBlocks(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  return content.filter(
    (block) => !(isRecord(block) && (block['type'] === 'tool_use' || block['type'] === 'tool_call')),
  );
}

function messageOf(
  value: Readonly<Record<string, unknown>>,
): { readonly role: string; readonly body: Readonly<Record<string, unknown>> } | undefined {
  if (value['lc'] === 1) {
    const path = value['id'];
    const kind = Array.isArray(path) ? /^(\w+?)Message(?:Chunk)?$/.exec(String(path.at(-1)))?.[1] : undefined;
    const body = value['kwargs'];
    if (kind === undefined || !isRecord(body)) return undefined;
    const role =
      kind === 'Chat' && typeof body['role'] === 'string' ? body['role'] : ROLES[kind.toLowerCase()];
    return role === undefined ? undefined : { role, body };
  }
  const named = value['role'] ?? value['type'];
  if (typeof named !== 'string' || !Object.hasOwn(ROLES, named) || !('content' in value)) return undefined;
  return { role: ROLES[named] ?? named, body: value };
}
