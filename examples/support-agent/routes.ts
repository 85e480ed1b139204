import { END } from '@langchain/langgraph';
import type { NodeName } from './nodes/index.ts';
import type { Classification, SupportState } from './state.ts';
import { pendingToolCall } from './tool-result.ts';
import { isToolName, type ToolName } from './tools/specs.ts';

const NODE_OF_TOOL: Readonly<Record<ToolName, NodeName>> = {
  search_articles: 'search_knowledge',
  look_up_order: 'look_up_order',
  list_orders: 'look_up_order',
  refund_order: 'refund',
  cancel_order: 'cancel',
  escalate_to_person: 'escalate',
};

const NEEDS_NO_TOOLS: ReadonlySet<Classification['intent']> = new Set([
  'out_of_scope',
  'smalltalk',
  'unclear',
]);

/** The node that answers the next tool call; undefined when all are answered. */
function toolNode(state: SupportState): NodeName | undefined {
  const call = pendingToolCall(state.messages);
  if (call === undefined) return undefined;
  return isToolName(call.name) ? NODE_OF_TOOL[call.name] : 'reject_tool_call';
}

function waitsForApproval(state: SupportState): boolean {
  return state.escalation?.status === 'waiting';
}

/** After the classification: the fallback when it is malformed, the tools when the request needs any, else the answer. */
export function afterClassify(state: SupportState): 'classify_fallback' | 'assist' | 'draft' {
  if (state.request === null) return 'classify_fallback';
  return NEEDS_NO_TOOLS.has(state.request.intent) ? 'draft' : 'assist';
}

/** After the model chose: a person when it took too many steps, the tool it asked for, or the answer. */
export function afterAssist(maxSteps: number): (state: SupportState) => NodeName {
  return (state) => (state.steps > maxSteps ? 'escalate' : (toolNode(state) ?? 'draft'));
}

/** After a tool: the next of several calls, the desk of a person, or back to the model. */
export function afterTool(state: SupportState): NodeName {
  return toolNode(state) ?? (waitsForApproval(state) ? 'escalate' : 'assist');
}

/** After a person was informed: back to the model when it had asked for that, else the answer. */
export function afterEscalate(maxSteps: number): (state: SupportState) => NodeName {
  return (state) =>
    toolNode(state) ?? (waitsForApproval(state) || state.steps > maxSteps ? 'draft' : 'assist');
}

/** After the answer: wait for the person who approves a refund, or end. */
export function afterDraft(state: SupportState): 'await_approval' | typeof END {
  return waitsForApproval(state) ? 'await_approval' : END;
}
