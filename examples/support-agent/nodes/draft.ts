import { SystemMessage } from '@langchain/core/messages';
import { draftPrompt } from '../prompts.ts';
import type { NodeFactory } from './dependencies.ts';
import { requireRequest } from './require.ts';

/** The model writes the answer from the results of this turn. */
export const createDraftNode: NodeFactory = ({ model, policy, maxSteps }) => {
  return async (state, config) => {
    const situation = { request: requireRequest(state), stepLimitReached: state.steps > maxSteps };
    const prompt = new SystemMessage(draftPrompt(situation, policy));
    return { messages: [await model.invoke([prompt, ...state.messages], config)] };
  };
};
