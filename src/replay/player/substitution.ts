import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { BaseLLM } from '@langchain/core/language_models/llms';
import { BaseRetriever } from '@langchain/core/retrievers';
import { StructuredTool } from '@langchain/core/tools';
import { isRecord } from '../../core/index.ts';
import { loadedCommonJs } from '../../tracing/internal.ts';
import { playChatModels } from './chat-models.ts';
import { playTextModels } from './text-models.ts';
import { playRetrievers, playTools } from './tools.ts';

/** Prototypes that are played, and what undoes it. */
const installed = new Map<object, () => void>();

/** Files of the CommonJS build of @langchain/core, wherever it is installed, the class in each and how it is played. */
const COMMONJS: readonly (readonly [file: RegExp, className: string, play: (base: never) => () => void])[] = [
  [/@langchain[\\/]core[\\/]dist[\\/]language_models[\\/]chat_models\.cjs$/, 'BaseChatModel', playChatModels],
  [/@langchain[\\/]core[\\/]dist[\\/]language_models[\\/]llms\.cjs$/, 'BaseLLM', playTextModels],
  [/@langchain[\\/]core[\\/]dist[\\/]tools[\\/]index\.cjs$/, 'StructuredTool', playTools],
  [/@langchain[\\/]core[\\/]dist[\\/]retrievers[\\/]index\.cjs$/, 'BaseRetriever', playRetrievers],
];

/**
 * Makes LangChain's models, tools and retrievers playable: of the build that this package imports, and of every CommonJS
 * build that is loaded by now. What is called outside of a replay is not changed; it costs one look at the asynchronous
 * context. Called before each replay, because more may have been loaded.
 */
export function installSubstitution(): void {
  install(BaseChatModel.prototype, playChatModels);
  install(BaseLLM.prototype, playTextModels);
  install(StructuredTool.prototype, playTools);
  install(BaseRetriever.prototype, playRetrievers);
  for (const [file, className, play] of COMMONJS) {
    for (const loaded of loadedCommonJs(file)) {
      const exported = isRecord(loaded) ? loaded[className] : undefined;
      if (typeof exported === 'function') install(exported.prototype as never, play);
    }
  }
}

/** Puts LangChain's classes back as they were. */
export function removeSubstitution(): void {
  for (const remove of installed.values()) remove();
  installed.clear();
}

function install<Base extends object>(base: Base, play: (base: Base) => () => void): void {
  if (!installed.has(base)) installed.set(base, play(base));
}
