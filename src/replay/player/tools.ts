import { Document } from '@langchain/core/documents';
import { isBaseMessage, type ToolMessage } from '@langchain/core/messages';
import type { BaseRetriever } from '@langchain/core/retrievers';
import type { StructuredTool } from '@langchain/core/tools';
import { isRecord } from '../../core/index.ts';
import { queryInput, toolInput } from '../recording/index.ts';
import { replaceMethod } from '../replace-method.ts';
import { revive } from '../revive.ts';
import { currentPlayer, type Player, STUB_TEXT } from './player.ts';
import { toolResult } from './recorded-output.ts';
import { classNameOf, runFacts } from './run-facts.ts';
import { isStandIn, standInFor } from './stand-in.ts';

/**
 * Lets the tools of one build of LangChain be played: arguments are checked and callbacks called as always, and the answer
 * is the recorded one.
 *
 * @param base `StructuredTool.prototype` of that build.
 * @returns What undoes it.
 */
export function playTools(base: StructuredTool): () => void {
  return replaceMethod(base, 'call', (original) => {
    return function (this: unknown, ...args) {
      const player = currentPlayer();
      if (player === undefined || isStandIn(this)) return original.apply(this, args);
      return original.apply(toolStandIn(this as StructuredTool, player, args), args);
    };
  });
}

function toolStandIn(tool: StructuredTool, player: Player, args: readonly unknown[]): StructuredTool {
  const [given, config] = args;
  const runName = isRecord(config) ? config['runName'] : undefined;
  const names = [
    ...new Set([tool.name, ...(typeof runName === 'string' ? [runName] : []), classNameOf(tool)]),
  ];
  const call = async (parsed: unknown, runManager: unknown, parentConfig: unknown) => {
    const signal: unknown = isRecord(parentConfig) ? parentConfig['signal'] : undefined;
    const answer = await player.answer(
      { kind: 'tool', names, input: toolInput(traced(given)), ...runFacts(runManager) },
      signal instanceof AbortSignal ? signal : undefined,
    );
    if (answer.kind === 'live') {
      const run: unknown = Reflect.get(tool, '_call');
      if (typeof run !== 'function') throw new TypeError(`Tool ${tool.name} has no _call.`);
      return player.runLive('tool', tool.name, () => run.call(tool, parsed, runManager, parentConfig));
    }
    const result = answer.kind === 'stub' ? STUB_TEXT : toolResult(answer.value, toolCallId(given, config));
    if (tool.responseFormat !== 'content_and_artifact') return result;
    return [result, isBaseMessage(result) ? (result as ToolMessage).artifact : undefined];
  };
  return standInFor(tool, { _call: call });
}

/** The arguments as callbacks are given them. */
function traced(given: unknown): unknown {
  const args = isToolCall(given) ? given['args'] : given;
  if (isRecord(args)) return args;
  return typeof given === 'string' ? given : JSON.stringify(given);
}

function toolCallId(given: unknown, config: unknown): string | undefined {
  const call = isToolCall(given) ? given : isRecord(config) ? config['toolCall'] : undefined;
  const id = isRecord(call) ? call['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

function isToolCall(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && value['type'] === 'tool_call';
}

/**
 * Lets the retrievers of one build of LangChain be played.
 *
 * @param base `BaseRetriever.prototype` of that build.
 * @returns What undoes it.
 */
export function playRetrievers(base: BaseRetriever): () => void {
  return replaceMethod(base, 'invoke', (original) => {
    return function (this: unknown, ...args) {
      const player = currentPlayer();
      if (player === undefined || isStandIn(this)) return original.apply(this, args);
      return original.apply(retrieverStandIn(this as BaseRetriever, player), args);
    };
  });
}

function retrieverStandIn(retriever: BaseRetriever, player: Player): BaseRetriever {
  const name = classNameOf(retriever);
  const getDocuments = async (query: string, runManager: unknown) => {
    const answer = await player.answer(
      { kind: 'retriever', names: [name], input: queryInput(query), ...runFacts(runManager) },
      undefined,
    );
    if (answer.kind === 'stub') return [];
    if (answer.kind === 'recorded') return documents(answer.value);
    return player.runLive('retriever', name, () =>
      retriever._getRelevantDocuments(query, runManager as never),
    );
  };
  return standInFor(retriever, { _getRelevantDocuments: getDocuments });
}

function documents(value: unknown): Document[] {
  if (!Array.isArray(value)) return [];
  return value.map(revive).map((document) => {
    if (document instanceof Document || !isRecord(document)) return document as Document;
    const { pageContent, metadata, id } = document;
    return new Document({
      pageContent: String(pageContent ?? ''),
      ...(isRecord(metadata) ? { metadata } : {}),
      ...(typeof id === 'string' ? { id } : {}),
    });
  });
}
