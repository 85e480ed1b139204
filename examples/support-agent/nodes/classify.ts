import { SystemMessage } from '@langchain/core/messages';
import { normalizeOrderId } from '../order-id.ts';
import { CLASSIFY_PROMPT } from '../prompts.ts';
import { runIdOf } from '../run-scope.ts';
import { classificationSchema } from '../state.ts';
import type { NodeFactory } from './dependencies.ts';

/** Begins a request: the model says what the customer wants. An answer that does not fit the schema leaves `request` null. */
export const createClassifyNode: NodeFactory = ({ model, newRunKey }) => {
  // With `includeRaw` a malformed answer is `parsed: null`, while a model that cannot be reached still throws.
  const classifier = model.withStructuredOutput(classificationSchema, {
    name: 'classify_request',
    includeRaw: true,
  });
  return async (state, config) => {
    const { parsed } = await classifier.invoke(
      [new SystemMessage(CLASSIFY_PROMPT), ...state.messages],
      config,
    );
    const classification = classificationSchema.safeParse(parsed);
    return {
      request: classification.success ? classification.data : null,
      intent: classification.success ? classification.data.intent : null,
      escalation: null,
      steps: 0,
      runKey: runIdOf(config) ?? newRunKey(),
    };
  };
};

/**
 * Takes over when the classification is malformed. It never guesses a side effect: a message with an order number is
 * read as a question about that order, anything else gets a question back.
 */
export const createClassifyFallbackNode: NodeFactory = () => async (state) => {
  const text = state.messages.findLast((message) => message.getType() === 'human')?.text ?? '';
  const orderId = text.match(/\b[Aa][-\s]?\d{4}\b/)?.[0];
  const intent =
    orderId !== undefined && normalizeOrderId(orderId) !== undefined ? 'order_status' : 'unclear';
  return { request: { intent, orderId: orderId ?? null, upset: false }, intent };
};
