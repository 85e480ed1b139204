import { isRecord } from '../../core/index.ts';

/** Length of a piece's text; with those of the arguments of tool calls, by the number of the call, where it has any. */
export type Piece =
  | number
  | readonly [textLength: number, ...calls: (readonly [call: number, argsLength: number])[]];

/** An answer in more of them is noted without any. */
export const MAX_PIECES = 4_096;

/** The piece in which a token came. */
export function pieceOf(token: string, chunk: unknown): Piece {
  const message = isRecord(chunk) ? chunk['message'] : undefined;
  if (!isRecord(message)) return token.length;
  const { content, tool_call_chunks: calls } = message;
  const textLength = typeof content === 'string' ? content.length : token.length;
  if (!Array.isArray(calls) || calls.length === 0) return textLength;
  return [
    textLength,
    ...calls.map((call) => [Number(call?.index ?? 0), String(call?.args ?? '').length] as const),
  ];
}
