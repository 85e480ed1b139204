import {
  type AIMessage,
  type BaseMessage,
  isAIMessage,
  isToolMessage,
  ToolMessage,
} from '@langchain/core/messages';
import type { ToolCall } from '@langchain/core/messages/tool';
import { z } from 'zod';

const toolResultSchema = z.looseObject({
  /** Whether the next tool of the procedure may be called. */
  ok: z.boolean(),
  /** What happened: a line of the reply guide. */
  outcome: z.string(),
  /** True where a person has to take over. */
  handOver: z.boolean().optional(),
});
/** What every tool of the agent answers: whether it went well, what happened, and the facts that may be told. */
export type ToolResult = z.infer<typeof toolResultSchema>;

/** The answer to a tool call. */
export function toolMessage(
  call: ToolCall,
  result: ToolResult,
  status: 'success' | 'error' = 'success',
): ToolMessage {
  return new ToolMessage({
    tool_call_id: call.id ?? '',
    name: call.name,
    status,
    content: JSON.stringify(result),
  });
}

/** The result in a tool message. Throws when it holds none: only this agent's nodes write tool messages. */
export function readToolResult(message: ToolMessage): ToolResult {
  return toolResultSchema.parse(JSON.parse(message.text));
}

/** The messages since the customer last wrote, oldest first. */
export function currentTurn(messages: readonly BaseMessage[]): readonly BaseMessage[] {
  return messages.slice(messages.findLastIndex((message) => message.getType() === 'human') + 1);
}

/** The result the agent got last in this turn. */
export function lastToolResult(messages: readonly BaseMessage[]): ToolResult | undefined {
  const last = currentTurn(messages).findLast((message): message is ToolMessage => isToolMessage(message));
  return last === undefined ? undefined : readToolResult(last);
}

/** The oldest tool call of this turn that nobody has answered yet. A model may ask for several at once. */
export function pendingToolCall(messages: readonly BaseMessage[]): ToolCall | undefined {
  const turn = currentTurn(messages);
  const answered = new Set(turn.flatMap((message) => (isToolMessage(message) ? [message.tool_call_id] : [])));
  return turn
    .filter((message): message is AIMessage => isAIMessage(message))
    .flatMap((message) => message.tool_calls ?? [])
    .find((call) => !answered.has(call.id ?? ''));
}
