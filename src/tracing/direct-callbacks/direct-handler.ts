import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';

type Metadata = Record<string, unknown>;

type ModelStart<Input> = [
  model: object,
  input: Input,
  runId: string,
  parentId: string | undefined,
  extra: Metadata | undefined,
  tags: string[],
  metadata: Metadata,
  runName: string | undefined,
];

/** Marks a {@link DirectHandler}. */
export const DIRECT: unique symbol = Symbol('sluicegate.directHandler');

/**
 * A callback handler that can be called as it stands: it returns at once, never throws, and looks at nothing of LangChain's
 * around it. For any other one LangChain makes a promise per event and handler, in a context of its own.
 *
 * The arguments are those that the callback manager calls with; for the start of a chain they are not in the declared order.
 */
export interface DirectHandler {
  readonly [DIRECT]: true;
  readonly ignoreChain: boolean;
  readonly ignoreLLM: boolean;
  handleChainStart?(
    chain: object,
    inputs: unknown,
    runId: string,
    parentId: string | undefined,
    tags: string[],
    metadata: Metadata,
    runType: string | undefined,
    runName: string | undefined,
  ): void;
  handleChainEnd?(outputs: unknown, runId: string): void;
  handleChainError?(thrown: unknown, runId: string): void;
  handleChatModelStart?(...start: ModelStart<unknown>): void;
  handleLLMStart?(...start: ModelStart<string[]>): void;
  handleLLMNewToken?(
    token: string,
    index: unknown,
    runId: string,
    parentId: string | undefined,
    tags: string[],
    fields: object | undefined,
  ): void;
  handleChatModelStreamEvent?(event: unknown, runId: string): void;
  handleLLMEnd?(output: unknown, runId: string): void;
  handleLLMError?(thrown: unknown, runId: string): void;
}

/** The same list, when every handler in it can be called directly; undefined when one cannot, or there is none. */
export function directHandlers(
  handlers: readonly BaseCallbackHandler[],
): readonly DirectHandler[] | undefined {
  if (handlers.length === 0) return undefined;
  for (const handler of handlers) if (!(DIRECT in handler)) return undefined;
  return handlers as readonly BaseCallbackHandler[] as unknown as readonly DirectHandler[];
}

/** Calls each that does not ignore such events. False, and nothing is called, when one has to be called by LangChain. */
export function tell(
  handlers: readonly BaseCallbackHandler[],
  ignore: 'ignoreChain' | 'ignoreLLM',
  call: (handler: DirectHandler) => void,
): boolean {
  const direct = directHandlers(handlers);
  for (const handler of direct ?? []) if (!handler[ignore]) call(handler);
  return direct !== undefined;
}
