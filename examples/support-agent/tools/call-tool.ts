import type { ToolCall, ToolMessage } from '@langchain/core/messages/tool';
import { isGraphBubbleUp, type LangGraphRunnableConfig } from '@langchain/langgraph';
import { toolMessage } from '../tool-result.ts';

/** What {@link callTool} needs of a tool. */
export interface CallableTool {
  invoke(call: ToolCall & { type: 'tool_call' }, config?: LangGraphRunnableConfig): Promise<ToolMessage>;
}

/**
 * Answers a tool call, whatever the tool does: a tool that throws becomes an error message that hands the request over
 * to a person, and one that returns nothing becomes the outcome `tool.empty`. Only an aborted run and LangGraph's own
 * control flow are thrown on.
 */
export async function callTool(
  tool: CallableTool,
  call: ToolCall,
  config: LangGraphRunnableConfig,
): Promise<ToolMessage> {
  let reply: ToolMessage;
  try {
    reply = await tool.invoke({ ...call, type: 'tool_call' }, config);
  } catch (error) {
    if (config.signal?.aborted || isGraphBubbleUp(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return toolMessage(call, { ok: false, outcome: 'tool.failed', handOver: true, error: message }, 'error');
  }
  return reply.text === '' ? toolMessage(call, { ok: false, outcome: 'tool.empty' }) : reply;
}
