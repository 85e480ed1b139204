import { createAssistNode } from './assist.ts';
import { createAwaitApprovalNode } from './await-approval.ts';
import { createCancelNode } from './cancel.ts';
import { createClassifyFallbackNode, createClassifyNode } from './classify.ts';
import type { NodeFactory } from './dependencies.ts';
import { createDraftNode } from './draft.ts';
import { createEscalateNode } from './escalate.ts';
import { createLookUpOrderNode } from './look-up-order.ts';
import { createRefundNode } from './refund.ts';
import { createRejectToolCallNode } from './reject-tool-call.ts';
import { createSearchKnowledgeNode } from './search-knowledge.ts';

export type { AgentDependencies, NodeFactory } from './dependencies.ts';

/** The nodes of the agent, by name. */
export const supportNodes = {
  classify: createClassifyNode,
  classify_fallback: createClassifyFallbackNode,
  assist: createAssistNode,
  search_knowledge: createSearchKnowledgeNode,
  look_up_order: createLookUpOrderNode,
  refund: createRefundNode,
  cancel: createCancelNode,
  escalate: createEscalateNode,
  reject_tool_call: createRejectToolCallNode,
  draft: createDraftNode,
  await_approval: createAwaitApprovalNode,
} as const satisfies Record<string, NodeFactory>;

/** Name of a node of the agent. */
export type NodeName = keyof typeof supportNodes;
