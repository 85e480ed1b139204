import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import type { BaseLLM } from '@langchain/core/language_models/llms';
import type { GenerationChunk, LLMResult } from '@langchain/core/outputs';
import { promptInput } from '../recording/index.ts';
import { replaceMethod } from '../replace-method.ts';
import { iterateIn } from './iterate-in.ts';
import { type CallAnswer, currentPlayer, type Player, STUB_TEXT } from './player.ts';
import { textChunks, textResult } from './recorded-output.ts';
import { classNameOf, runFacts } from './run-facts.ts';
import { isStandIn, standInFor } from './stand-in.ts';

type Options = { readonly signal?: AbortSignal };
type Manager = CallbackManagerForLLMRun | undefined;

/**
 * Lets the text models of one build of LangChain be played, as `playChatModels` does for chat models.
 *
 * @param base `BaseLLM.prototype` of that build.
 * @returns What undoes it.
 */
export function playTextModels(base: BaseLLM): () => void {
  const restore = ['generate', '_streamIterator'].map((name) =>
    replaceMethod(base, name, (original) => {
      return function (this: unknown, ...args) {
        const player = currentPlayer();
        if (player === undefined || isStandIn(this)) return original.apply(this, args);
        return original.apply(textStandIn(this as BaseLLM, player, base), args);
      };
    }),
  );
  return () => restore.forEach((put) => void put());
}

function textStandIn(model: BaseLLM, player: Player, base: BaseLLM): BaseLLM {
  const name = classNameOf(model);
  const ask = (prompt: string, options: Options, runManager: Manager) =>
    player.answer(
      { kind: 'model', names: [name], input: promptInput(prompt), ...runFacts(runManager) },
      options.signal,
    );
  const live = <Result>(work: () => Result) => player.runLive('model', name, work);

  const generate = async (prompts: string[], options: Options, runManager: Manager): Promise<LLMResult> => {
    const results = await Promise.all(
      // The callbacks that are given are those of the first prompt.
      prompts.map(async (prompt, index) => {
        const answer = await ask(prompt, options, index === 0 ? runManager : undefined);
        return answer.kind === 'live'
          ? live(() => model._generate([prompt], options as never, runManager))
          : resultOf(answer, player);
      }),
    );
    return {
      generations: results.flatMap(({ generations }) => generations),
      ...(results[0]?.llmOutput === undefined ? {} : { llmOutput: results[0].llmOutput }),
    };
  };
  async function* stream(
    prompt: string,
    options: Options,
    runManager: Manager,
  ): AsyncGenerator<GenerationChunk> {
    const answer = await ask(prompt, options, runManager);
    if (answer.kind === 'live') {
      yield* iterateIn(live, () => model._streamResponseChunks(prompt, options as never, runManager));
      return;
    }
    const call = answer.kind === 'recorded' ? answer.call : undefined;
    for (const chunk of textChunks(resultOf(answer, player), call?.pieces)) {
      yield chunk;
      if (call === undefined || call.streamed) await runManager?.handleLLMNewToken(chunk.text);
    }
  }
  const canStream = model._streamResponseChunks !== base._streamResponseChunks;
  return standInFor(
    model,
    {
      _generate: generate,
      _streamResponseChunks: canStream ? stream : base._streamResponseChunks,
      cache: undefined,
    },
    ['_generateUncached'],
  );
}

function resultOf(answer: Exclude<CallAnswer, { kind: 'live' }>, player: Player): LLMResult {
  if (answer.kind === 'stub') return { generations: [[{ text: STUB_TEXT }]] };
  const result = textResult(answer.value);
  if (result === undefined) throw player.unplayable(answer.call);
  return result;
}
