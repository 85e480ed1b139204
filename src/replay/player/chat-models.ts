import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import {
  AIMessage,
  type BaseMessage,
  convertToOpenAIImageBlock,
  isBase64ContentBlock,
  isURLContentBlock,
} from '@langchain/core/messages';
import type { ChatGenerationChunk, ChatResult } from '@langchain/core/outputs';
import { messagesInput } from '../recording/index.ts';
import { replaceMethod } from '../replace-method.ts';
import { iterateIn } from './iterate-in.ts';
import { type CallAnswer, currentPlayer, type Player, STUB_TEXT } from './player.ts';
import { chatChunks, chatResult } from './recorded-output.ts';
import { classNameOf, runFacts } from './run-facts.ts';
import { isStandIn, standInFor } from './stand-in.ts';

type Options = { readonly signal?: AbortSignal };
type Manager = CallbackManagerForLLMRun | undefined;
type EventStream = (
  messages: BaseMessage[],
  options: Options,
  runManager?: Manager,
) => AsyncIterable<unknown>;

/**
 * Lets the chat models of one build of LangChain be played: what is called on a model inside of a replay runs on a stand-in
 * whose `_generate` and `_streamResponseChunks` answer as recorded. Callbacks, and so tracing, are those of the model.
 *
 * @param base `BaseChatModel.prototype` of that build.
 * @returns What undoes it.
 */
export function playChatModels(base: BaseChatModel): () => void {
  const restore = ['generate', '_streamIterator', 'streamEvents'].map((name) =>
    replaceMethod(base, name, (original) => {
      return function (this: unknown, ...args) {
        const player = currentPlayer();
        if (player === undefined || isStandIn(this)) return original.apply(this, args);
        return original.apply(chatStandIn(this as BaseChatModel, player, base), args);
      };
    }),
  );
  return () => restore.forEach((put) => void put());
}

function chatStandIn(model: BaseChatModel, player: Player, base: BaseChatModel): BaseChatModel {
  const name = classNameOf(model);
  const ask = (messages: readonly BaseMessage[], options: Options, runManager: Manager) =>
    player.answer(
      {
        kind: 'model',
        names: [name],
        input: messagesInput(messages.map(asTraced)),
        ...runFacts(runManager),
      },
      options.signal,
    );
  const live = <Result>(work: () => Result) => player.runLive('model', name, work);

  const generate = async (messages: BaseMessage[], options: Options, runManager: Manager) => {
    const answer = await ask(messages, options, runManager);
    return answer.kind === 'live'
      ? live(() => model._generate(messages, options as never, runManager))
      : resultOf(answer, player);
  };
  async function* stream(messages: BaseMessage[], options: Options, runManager: Manager) {
    const answer = await ask(messages, options, runManager);
    if (answer.kind === 'live') {
      yield* iterateIn(live, () => model._streamResponseChunks(messages, options as never, runManager));
    } else yield* recordedStream(answer, player, runManager);
  }
  const nativeEvents = Reflect.get(model, '_streamChatModelEvents') as EventStream;
  const baseEvents = Reflect.get(base, '_streamChatModelEvents') as EventStream;
  /** Events that the model makes itself; recorded ones are made of chunks, as for every other model. */
  async function* events(messages: BaseMessage[], options: Options, runManager: Manager) {
    const answer = await ask(messages, options, runManager);
    if (answer.kind === 'live') {
      yield* iterateIn(live, () => nativeEvents.call(model, messages, options, runManager));
      return;
    }
    const chunks = () => recordedStream(answer, player, undefined);
    yield* baseEvents.call({ _streamResponseChunks: chunks }, messages, options, runManager);
  }
  const canStream = model._streamResponseChunks !== base._streamResponseChunks;
  return standInFor(
    model,
    {
      _generate: generate,
      // A model that cannot stream is asked by LangChain in another way, and recognised by having the method of its base.
      _streamResponseChunks: canStream ? stream : base._streamResponseChunks,
      _streamChatModelEvents: nativeEvents === baseEvents ? baseEvents : events,
      // What a cache would answer is recorded as well.
      cache: undefined,
    },
    ['_generateUncached', '_streamChatModelEvents'],
  );
}

type Played = Exclude<CallAnswer, { kind: 'live' }>;

function resultOf(answer: Played, player: Player): ChatResult {
  if (answer.kind === 'stub')
    return { generations: [{ text: STUB_TEXT, message: new AIMessage(STUB_TEXT) }] };
  const result = chatResult(answer.value);
  if (result === undefined) throw player.unplayable(answer.call);
  // Two messages with one id would be one message.
  if (answer.again) for (const { message } of result.generations) forgetId(message);
  return result;
}

async function* recordedStream(
  answer: Played,
  player: Player,
  runManager: Manager,
): AsyncGenerator<ChatGenerationChunk> {
  const call = answer.kind === 'recorded' ? answer.call : undefined;
  const tellsTokens = call === undefined || call.streamed || !isChunk(answer);
  for (const chunk of chatChunks(resultOf(answer, player), call?.pieces)) {
    yield chunk;
    if (tellsTokens) {
      await runManager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

/** A model that streamed and told no handler of it will not do so now. */
function isChunk(answer: Played): boolean {
  return answer.kind === 'recorded' && JSON.stringify(answer.value)?.includes('"AIMessageChunk"') === true;
}

function forgetId(message: BaseMessage): void {
  delete message.id;
  delete message.lc_kwargs['id'];
}

/** A message as LangChain shows it to callbacks: images in one form. */
function asTraced(message: BaseMessage): unknown {
  const { content } = message;
  if (!Array.isArray(content) || !content.some(isImage)) return message;
  const json = JSON.parse(JSON.stringify(message)) as { kwargs: Record<string, unknown> };
  json.kwargs['content'] = content.map((block) =>
    isImage(block) ? convertToOpenAIImageBlock(block) : block,
  );
  return json;
}

function isImage(block: unknown): block is Parameters<typeof convertToOpenAIImageBlock>[0] {
  return (
    typeof block === 'object' &&
    block !== null &&
    (isURLContentBlock(block as never) || isBase64ContentBlock(block as never))
  );
}
