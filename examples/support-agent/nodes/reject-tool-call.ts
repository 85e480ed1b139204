import { toolMessage } from '../tool-result.ts';
import type { NodeFactory } from './dependencies.ts';
import { requireToolCall } from './require.ts';

/** Answers a call of a tool that does not exist: models make up names. */
export const createRejectToolCallNode: NodeFactory = () => async (state) => ({
  messages: [toolMessage(requireToolCall(state), { ok: false, outcome: 'tool.unknown' }, 'error')],
});
