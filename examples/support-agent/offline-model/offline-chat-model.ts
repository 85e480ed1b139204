import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import type { BaseLanguageModelInput } from '@langchain/core/language_models/base';
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
  type BindToolsInput,
} from '@langchain/core/language_models/chat_models';
import { AIMessageChunk, type BaseMessage, type StandardMessageStructure } from '@langchain/core/messages';
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs';
import type { Runnable } from '@langchain/core/runnables';
import { convertToOpenAITool } from '@langchain/core/utils/function_calling';
import { classify } from './classification.ts';
import { type Flakiness, type WorseTurns, worseTurns } from './flakiness.ts';
import { type BoundTool, planNextCall } from './planning.ts';
import { countTokens } from './text.ts';
import { writeReply, writeVagueReply } from './writing.ts';

const CLASSIFY_TOOL = 'classify_request';
const MODEL_NAME = 'offline-rules-1';

/** Options of {@link OfflineChatModel}. */
export interface OfflineChatModelOptions extends BaseChatModelParams {
  /** Makes some answers worse than the prompt and the results ask for. Default: none. */
  readonly flakiness?: Flakiness | undefined;
}

interface OfflineCallOptions extends BaseChatModelCallOptions {
  tools?: readonly BoundTool[];
}

interface Reply {
  readonly text: string;
  readonly call?: { readonly name: string; readonly args: Record<string, unknown> };
}

/**
 * A chat model without a network: it follows its system prompt by simple rules over the conversation and the results of
 * tools. The same messages always give the same reply, unless it is made flaky. It knows nothing of the shop: intents, procedures and wording are
 * read from the prompt, facts from the tool results, so that a changed prompt, node or tool changes the answer.
 */
export class OfflineChatModel extends BaseChatModel<OfflineCallOptions, AIMessageChunk> {
  readonly #isWorseTurn: WorseTurns;

  constructor({ flakiness, ...options }: OfflineChatModelOptions = {}) {
    super(options);
    this.#isWorseTurn = flakiness === undefined ? () => false : worseTurns(flakiness);
  }

  static override lc_name(): string {
    return 'OfflineChatModel';
  }

  override _llmType(): string {
    return 'offline';
  }

  override getLsParams(options: this['ParsedCallOptions']) {
    return { ...super.getLsParams(options), ls_provider: 'offline', ls_model_name: MODEL_NAME };
  }

  override bindTools(
    tools: BindToolsInput[],
    options: Partial<OfflineCallOptions> = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, OfflineCallOptions> {
    return this.withConfig({ ...options, tools: tools.map(describeTool) });
  }

  override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']): Promise<ChatResult> {
    options.signal?.throwIfAborted();
    const message = toMessage(messages, respond(messages, options.tools ?? [], this.#isWorseTurn));
    return { generations: [{ text: message.text, message }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this['ParsedCallOptions'],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const reply = respond(messages, options.tools ?? [], this.#isWorseTurn);
    for (const token of reply.text.match(/\S+\s*/g) ?? []) {
      options.signal?.throwIfAborted();
      const chunk = new ChatGenerationChunk({ text: token, message: new AIMessageChunk({ content: token }) });
      yield chunk;
      await runManager?.handleLLMNewToken(token, undefined, undefined, undefined, undefined, { chunk });
    }
    // What is not text comes last and at once: calls, usage and the model's name.
    yield new ChatGenerationChunk({
      text: '',
      message: toMessage(messages, { ...reply, text: '' }, reply.text),
    });
  }
}

/** The name of a tool and of its arguments, whichever way it was described. */
function describeTool(tool: BindToolsInput): BoundTool {
  const { function: definition } = convertToOpenAITool(tool as Parameters<typeof convertToOpenAITool>[0]);
  const properties: unknown = (definition.parameters as { properties?: unknown } | undefined)?.properties;
  return { name: definition.name, argumentNames: Object.keys(properties ?? {}) };
}

/** Which of its three tasks the model is given shows in the tools it is bound to: classify, choose a tool, or write. */
function respond(
  messages: readonly BaseMessage[],
  tools: readonly BoundTool[],
  isWorseTurn: WorseTurns,
): Reply {
  const prompt = messages.find((message) => message.getType() === 'system')?.text ?? '';
  if (tools.some((tool) => tool.name === CLASSIFY_TOOL))
    return { text: '', call: { name: CLASSIFY_TOOL, args: classify(prompt, messages) } };
  if (tools.length === 0)
    return { text: isWorseTurn(messages) ? writeVagueReply(prompt) : writeReply(prompt, messages) };
  const call = planNextCall(prompt, messages, tools);
  return call === undefined ? { text: 'done' } : { text: '', call };
}

function toMessage(messages: readonly BaseMessage[], reply: Reply, spoken = reply.text): AIMessageChunk {
  const args = reply.call === undefined ? '' : JSON.stringify(reply.call.args);
  const inputTokens = messages.reduce((sum, message) => sum + countTokens(message.text), 0);
  const outputTokens = countTokens(spoken) + countTokens(args);
  return new AIMessageChunk<StandardMessageStructure>({
    content: reply.text,
    // A chunk's calls are made from its call chunks, and both ways of calling the model have to give the same message.
    tool_call_chunks:
      reply.call === undefined
        ? []
        : [{ type: 'tool_call_chunk', index: 0, id: nextCallId(messages), name: reply.call.name, args }],
    usage_metadata: {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
    response_metadata: { model_name: MODEL_NAME },
  });
}

/** Unique in the conversation and the same on every run: results in it are numbered. */
function nextCallId(messages: readonly BaseMessage[]): string {
  return `call_${messages.filter((message) => message.getType() === 'tool').length + 1}`;
}
