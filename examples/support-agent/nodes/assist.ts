import { SystemMessage } from '@langchain/core/messages';
import { assistPrompt } from '../prompts.ts';
import { toolSpecs } from '../tools/specs.ts';
import type { NodeFactory } from './dependencies.ts';
import { requireRequest } from './require.ts';

/** The model chooses the next tool. Past the step limit it is not asked any more. */
export const createAssistNode: NodeFactory = ({ model, maxSteps }) => {
  const withTools = model.bindTools?.(Object.values(toolSpecs));
  if (withTools === undefined) throw new TypeError(`The model ${model._llmType()} cannot call tools.`);
  return async (state, config) => {
    const steps = state.steps + 1;
    if (steps > maxSteps) return { steps };
    const prompt = new SystemMessage(assistPrompt(requireRequest(state)));
    const reply = await withTools.invoke([prompt, ...state.messages], config);
    // Without a call there is nothing to keep: the answer is written by the node that drafts.
    return (reply.tool_calls ?? []).length === 0 ? { steps } : { steps, messages: [reply] };
  };
};
