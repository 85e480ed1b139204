import { createSupportAgent } from '../agent.ts';
import { chooseModel } from '../model.ts';
import { createSimplifiedLookUpOrderNode } from './look-up-order.ts';

/** The support agent with a faulty rewrite of one node: what the gate is there to stop. */
export const graph = createSupportAgent({
  model: await chooseModel(process.env),
  nodes: { look_up_order: createSimplifiedLookUpOrderNode },
});
