import { isRecord, type Span } from '../../../core/index.ts';
import { type GenAiMessage, messageBody, toGenAiMessage, toGenAiMessages } from './genai-messages.ts';

/** What a model call says about itself besides its text. */
export interface ModelFacts {
  readonly model?: string;
  readonly responseId?: string;
  readonly finishReasons: readonly string[];
}

/** Reads the facts of a model call from its recorded outputs; none where those are hidden. */
export function modelFacts(span: Span): ModelFacts {
  const found = generations(span.outputs);
  const bodies = found.map(({ body }) => body);
  const responses = bodies.map((body) =>
    isRecord(body['response_metadata']) ? body['response_metadata'] : {},
  );
  const model = firstText(responses.flatMap((response) => [response['model_name'], response['model']]));
  const responseId = firstText(bodies.map((body) => body['id']));
  return {
    ...(model === undefined ? {} : { model }),
    ...(responseId === undefined ? {} : { responseId }),
    finishReasons: found.flatMap(({ finishReason }) => (finishReason === undefined ? [] : [finishReason])),
  };
}

/** What was asked of a model: messages, or prompts as messages of the user. */
export function modelInput(inputs: unknown): readonly GenAiMessage[] | undefined {
  if (!isRecord(inputs)) return undefined;
  const [batch] = Array.isArray(inputs['messages']) ? inputs['messages'] : [];
  if (Array.isArray(batch)) return toGenAiMessages(batch);
  const prompts = inputs['prompts'];
  if (!Array.isArray(prompts)) return undefined;
  return toGenAiMessages(prompts.map((prompt) => ({ role: 'user', content: prompt })));
}

/** What a model answered, a message for each generation. */
export function modelOutput(outputs: unknown): readonly GenAiMessage[] | undefined {
  const messages = generations(outputs).flatMap(({ message, text, finishReason }) => {
    const reason = finishReason ?? 'stop';
    const made =
      toGenAiMessage(message, reason) ??
      (text === undefined ? undefined : toGenAiMessage({ role: 'assistant', content: text }, reason));
    return made === undefined ? [] : [made];
  });
  return messages.length === 0 ? undefined : messages;
}

interface Generation {
  readonly message: unknown;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string | undefined;
  readonly finishReason: string | undefined;
}

/** Callbacks report a list of generations for each prompt. */
function generations(outputs: unknown): readonly Generation[] {
  const lists = isRecord(outputs) && Array.isArray(outputs['generations']) ? outputs['generations'] : [];
  return lists.flat().flatMap((generation: unknown): Generation[] => {
    if (!isRecord(generation)) return [];
    const { message } = generation;
    const body = messageBody(message) ?? {};
    const info = isRecord(generation['generationInfo']) ? generation['generationInfo'] : {};
    const response = isRecord(body['response_metadata']) ? body['response_metadata'] : {};
    return [
      {
        message,
        body,
        text: typeof generation['text'] === 'string' ? generation['text'] : undefined,
        finishReason: firstText([
          response['finish_reason'],
          response['stop_reason'],
          info['finish_reason'],
          info['stop_reason'],
        ]),
      },
    ];
  });
}

function firstText(values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}
