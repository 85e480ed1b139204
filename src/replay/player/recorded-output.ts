import { AIMessage, type BaseMessage, isBaseMessage, type ToolMessage } from '@langchain/core/messages';
import {
  ChatGenerationChunk,
  type ChatResult,
  GenerationChunk,
  type LLMResult,
} from '@langchain/core/outputs';
import { Command, Send } from '@langchain/langgraph';
import { isRecord, type SpanError } from '../../core/index.ts';
import { revive } from '../revive.ts';
import { splitMessage } from './split-message.ts';

/** A chat model's recorded result, as `_generate` returns it. Undefined when the record holds something else. */
export function chatResult(outputs: unknown): ChatResult | undefined {
  const [first] = generationLists(outputs);
  if (first === undefined) return undefined;
  const generations = first.map((generation) => {
    const message = revive(generation['message']);
    return isBaseMessage(message)
      ? { text: textOf(generation, message), message, ...generationInfo(generation) }
      : undefined;
  });
  const whole = generations.filter((generation) => generation !== undefined);
  if (whole.length === 0 || whole.length !== generations.length) return undefined;
  const llmOutput = isRecord(outputs) ? outputs['llmOutput'] : undefined;
  return { generations: whole, ...(isRecord(llmOutput) ? { llmOutput } : {}) };
}

/** The same result in pieces; see {@link splitMessage}. */
export function chatChunks(
  { generations }: ChatResult,
  pieces: readonly unknown[] | undefined,
): ChatGenerationChunk[] {
  const [generation] = generations;
  if (generation === undefined) return [];
  const parts = splitMessage(generation.message, pieces);
  return parts.map(
    (message, index) =>
      new ChatGenerationChunk({
        message,
        text: typeof message.content === 'string' ? message.content : generation.text,
        ...(index === parts.length - 1 ? generationInfo(generation) : {}),
      }),
  );
}

/** A text model's recorded result for one prompt. Undefined when the record holds something else. */
export function textResult(outputs: unknown): LLMResult | undefined {
  const [first] = generationLists(outputs);
  if (first === undefined) return undefined;
  const llmOutput = isRecord(outputs) ? outputs['llmOutput'] : undefined;
  return {
    generations: [
      first.map((generation) => ({ text: String(generation['text'] ?? ''), ...generationInfo(generation) })),
    ],
    ...(isRecord(llmOutput) ? { llmOutput } : {}),
  };
}

/** The same result in pieces. */
export function textChunks(
  { generations }: LLMResult,
  pieces: readonly unknown[] | undefined,
): GenerationChunk[] {
  const generation = generations[0]?.[0];
  if (generation === undefined) return [];
  const parts = splitMessage(new AIMessage(generation.text), pieces);
  return parts.map(
    ({ content }, index) =>
      new GenerationChunk({
        text: String(content),
        ...(index === parts.length - 1 ? generationInfo(generation) : {}),
      }),
  );
}

/**
 * A tool's recorded result. A message answers the call that is made now, whatever id that has; a command of LangGraph is
 * one again.
 *
 * @param toolCallId Undefined when the tool is called with its arguments alone, and answers with its content.
 */
export function toolResult(output: unknown, toolCallId: string | undefined): unknown {
  const revived = reviveCommand(output) ?? revive(output);
  if (!isBaseMessage(revived) || revived.getType() !== 'tool') return revived;
  const message = revived as ToolMessage;
  if (toolCallId === undefined) return message.content;
  message.tool_call_id = toolCallId;
  message.lc_kwargs['tool_call_id'] = toolCallId;
  return message;
}

/** A recorded error. Of its class only the name is known, so that a check with `instanceof` holds for JavaScript's own. */
export function recordedError({ name, message, stack }: SpanError): Error {
  const Builtin = BUILTIN_ERRORS.find((candidate) => candidate.name === name) ?? Error;
  const error = new Builtin(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

const BUILTIN_ERRORS = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError] as const;

function generationLists(outputs: unknown): (readonly Record<string, unknown>[])[] {
  const lists = isRecord(outputs) ? outputs['generations'] : undefined;
  if (!Array.isArray(lists)) return [];
  return lists.filter(
    (list): list is Record<string, unknown>[] => Array.isArray(list) && list.every((item) => isRecord(item)),
  );
}

function textOf(generation: Record<string, unknown>, { content }: BaseMessage): string {
  if (typeof generation['text'] === 'string') return generation['text'];
  return typeof content === 'string' ? content : '';
}

function generationInfo(generation: object): { generationInfo?: Record<string, unknown> } {
  const info: unknown = Reflect.get(generation, 'generationInfo');
  return isRecord(info) ? { generationInfo: info } : {};
}

function reviveCommand(output: unknown): Command | undefined {
  if (!isRecord(output) || output['lg_name'] !== 'Command') return undefined;
  const { update, resume, goto, graph } = output;
  const revivedUpdate = revive(update);
  return new Command({
    ...(isRecord(revivedUpdate) || Array.isArray(revivedUpdate)
      ? { update: revivedUpdate as Record<string, unknown> }
      : {}),
    ...(resume === undefined || resume === null ? {} : { resume: revive(resume) }),
    ...(typeof graph === 'string' ? { graph } : {}),
    goto: (Array.isArray(goto) ? goto : [goto]).flatMap(destination),
  });
}

function destination(goto: unknown): (string | Send)[] {
  if (typeof goto === 'string') return [goto];
  if (!isRecord(goto) || typeof goto['node'] !== 'string') return [];
  return [new Send(goto['node'], revive(goto['args']))];
}
