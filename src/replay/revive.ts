import { Document } from '@langchain/core/documents';
import {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
} from '@langchain/core/messages';
import { isRecord } from '../core/index.ts';

/**
 * What a record may turn into: data classes only. A trace is data from outside, and LangChain's own loader would build
 * models and tools from it.
 */
// biome-ignore lint/suspicious/noExplicitAny: each class has fields of its own, and a record may hold any
const REVIVABLE: Readonly<Record<string, new (fields: any) => unknown>> = {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  Document,
  FunctionMessage,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
};

/**
 * Turns the serialized LangChain messages and documents in a recorded payload back into what they were. Everything else
 * stays the plain data it is.
 */
export function revive(recorded: unknown): unknown {
  if (Array.isArray(recorded)) return recorded.map(revive);
  if (!isRecord(recorded)) return recorded;
  const members = Object.fromEntries(Object.entries(recorded).map(([key, member]) => [key, revive(member)]));
  const { lc, type, id, kwargs } = members;
  if (lc !== 1 || type !== 'constructor' || !Array.isArray(id) || !isRecord(kwargs)) return members;
  const name: unknown = id.at(-1);
  const Revived = typeof name === 'string' && Object.hasOwn(REVIVABLE, name) ? REVIVABLE[name] : undefined;
  return Revived === undefined ? members : new Revived(kwargs);
}
