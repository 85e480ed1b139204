import { scopeOf, threadIdOf } from '../run-scope.ts';
import { pendingToolCall } from '../tool-result.ts';
import { callTool } from '../tools/call-tool.ts';
import { createEscalateTool } from '../tools/side-effects.ts';
import type { NodeFactory } from './dependencies.ts';

const VISITOR = 'visitor';

/**
 * Puts the request on the desk of a person: because the model asked for it, because a refund needs approval, or because
 * the step limit was reached.
 */
export const createEscalateNode: NodeFactory = ({ store }) => {
  return async (state, config) => {
    const scope = scopeOf(state, config) ?? { customerId: VISITOR, threadId: threadIdOf(state, config) };
    const call = pendingToolCall(state.messages);
    if (call !== undefined) {
      const tool = createEscalateTool({ store, scope, runKey: state.runKey });
      return { messages: [await callTool(tool, call, config)] };
    }
    await store.openCase(scope, `${state.runKey}:case`, state.escalation?.orderId);
    return {};
  };
};
