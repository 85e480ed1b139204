import { readToolResult, toolMessage } from '../tool-result.ts';
import { callTool } from '../tools/call-tool.ts';
import { createSearchArticlesTool } from '../tools/search-articles.ts';
import type { NodeFactory } from './dependencies.ts';
import { requireToolCall } from './require.ts';

/** Searches the knowledge base. */
export const createSearchKnowledgeNode: NodeFactory = ({ articles }) => {
  const tool = createSearchArticlesTool(articles);
  return async (state, config) => {
    const call = requireToolCall(state);
    const reply = await callTool(tool, call, config);
    const empty = readToolResult(reply).outcome === 'tool.empty';
    return { messages: [empty ? toolMessage(call, { ok: false, outcome: 'article.none' }) : reply] };
  };
};
