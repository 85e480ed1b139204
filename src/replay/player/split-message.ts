import { AIMessageChunk, type BaseMessage } from '@langchain/core/messages';
import { isRecord } from '../../core/index.ts';

/** Of a piece: how many characters of the text, and of the arguments of which tool calls. */
interface Piece {
  readonly textLength: number;
  readonly toolCalls: readonly { readonly index: number; readonly argsLength: number }[];
}

interface CallChunk {
  readonly name?: string;
  readonly args?: string;
  readonly id?: string;
  readonly index?: number;
  readonly type: 'tool_call_chunk';
}

/**
 * Splits a message into the chunks in which a model would stream it. Joined together they give the message again; what
 * is known of it as a whole (usage, response metadata) comes with the last one.
 *
 * @param pieces Lengths of the recorded chunks: a number for text, or `[text length, [tool call, length of arguments]...]`.
 * Where they are not known or do not fit, there is a chunk for each word and for each tool call.
 */
export function splitMessage(message: BaseMessage, pieces: readonly unknown[] | undefined): AIMessageChunk[] {
  const { content } = message;
  const calls = callChunks(message);
  if (typeof content !== 'string') return [chunk(message, content, calls, true)];
  const plan = fittingPlan(pieces, content, calls) ?? defaultPlan(content, calls);
  let textAt = 0;
  const argsAt = new Map<number, number>();
  return plan.map(({ textLength, toolCalls }, position) => {
    const text = content.slice(textAt, textAt + textLength);
    textAt += textLength;
    const parts = toolCalls.map(({ index, argsLength }) => {
      const start = argsAt.get(index);
      argsAt.set(index, (start ?? 0) + argsLength);
      return callPart(calls[index], start, argsLength);
    });
    return chunk(message, text, parts, position === plan.length - 1);
  });
}

function callPart(call: CallChunk | undefined, start: number | undefined, length: number): CallChunk {
  const { name, id, args = '', index } = call ?? { type: 'tool_call_chunk' };
  const part = args.slice(start ?? 0, (start ?? 0) + length);
  return {
    type: 'tool_call_chunk',
    args: part,
    ...(index === undefined ? {} : { index }),
    // A stream names a call once, in its first chunk.
    ...(start === undefined && name !== undefined ? { name } : {}),
    ...(start === undefined && id !== undefined ? { id } : {}),
  };
}

function chunk(
  message: BaseMessage,
  content: BaseMessage['content'],
  calls: readonly CallChunk[],
  isLast: boolean,
): AIMessageChunk {
  const usage: unknown = Reflect.get(message, 'usage_metadata');
  return new AIMessageChunk({
    content,
    ...(message.id === undefined ? {} : { id: message.id }),
    ...(message.name === undefined ? {} : { name: message.name }),
    tool_call_chunks: [...calls],
    ...(isLast
      ? {
          additional_kwargs: message.additional_kwargs,
          response_metadata: message.response_metadata,
          ...(isRecord(usage) ? { usage_metadata: withoutEmpty(usage) as never } : {}),
        }
      : {}),
  });
}

/** Joining chunks adds empty details, which no chunk has had. */
function withoutEmpty(usage: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(usage).filter(([, value]) => !isRecord(value) || Object.keys(value).length > 0),
  );
}

function callChunks(message: BaseMessage): CallChunk[] {
  const chunks: unknown = Reflect.get(message, 'tool_call_chunks');
  if (Array.isArray(chunks) && chunks.length > 0) {
    return chunks.map((one: CallChunk, index) => ({ index, ...one, type: 'tool_call_chunk' }));
  }
  const calls: unknown = Reflect.get(message, 'tool_calls');
  if (!Array.isArray(calls)) return [];
  return calls.filter(isRecord).map(({ name, args, id }, index) => ({
    type: 'tool_call_chunk',
    name: String(name),
    args: JSON.stringify(args ?? {}),
    ...(typeof id === 'string' ? { id } : {}),
    index,
  }));
}

function defaultPlan(content: string, calls: readonly CallChunk[]): Piece[] {
  const words = content.match(/\s*\S+\s*$|\s*\S+|\s+/g) ?? [];
  const plan: Piece[] = [
    ...words.map((word) => ({ textLength: word.length, toolCalls: [] })),
    ...calls.map(({ args = '' }, index) => ({
      textLength: 0,
      toolCalls: [{ index, argsLength: args.length }],
    })),
  ];
  return plan.length === 0 ? [{ textLength: 0, toolCalls: [] }] : plan;
}

/** The recorded pieces, if they are pieces of this message. */
function fittingPlan(
  pieces: readonly unknown[] | undefined,
  content: string,
  calls: readonly CallChunk[],
): readonly Piece[] | undefined {
  if (pieces === undefined || pieces.length === 0) return undefined;
  const plan = pieces.map(readPiece);
  if (!plan.every((piece) => piece !== undefined)) return undefined;
  const textLength = plan.reduce((sum, piece) => sum + piece.textLength, 0);
  const argsLengths = calls.map(() => 0);
  const named = new Set<number>();
  for (const { index, argsLength } of plan.flatMap(({ toolCalls }) => toolCalls)) {
    argsLengths[index] = (argsLengths[index] ?? 0) + argsLength;
    named.add(index);
  }
  const fits =
    textLength === content.length &&
    named.size === calls.length &&
    calls.every(({ args = '' }, index) => argsLengths[index] === args.length);
  return fits ? plan : undefined;
}

function readPiece(piece: unknown): Piece | undefined {
  if (isLength(piece)) return { textLength: piece, toolCalls: [] };
  if (!Array.isArray(piece)) return undefined;
  const [textLength, ...calls] = piece as unknown[];
  const toolCalls = calls.map((call) =>
    Array.isArray(call) && isLength(call[0]) && isLength(call[1])
      ? { index: call[0], argsLength: call[1] }
      : undefined,
  );
  if (!isLength(textLength) || !toolCalls.every((call) => call !== undefined)) return undefined;
  return { textLength, toolCalls };
}

function isLength(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
