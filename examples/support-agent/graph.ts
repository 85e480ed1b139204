import { createSupportAgent } from './agent.ts';
import { chooseModel } from './model.ts';

export { createSupportAgent, type SupportAgent, type SupportAgentOptions } from './agent.ts';

/** The support agent as it is deployed. */
export const graph = createSupportAgent({ model: await chooseModel(process.env) });
