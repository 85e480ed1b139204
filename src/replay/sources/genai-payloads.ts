import { isRecord } from '../../core/index.ts';

/** What a payload attribute turned out to be. */
export type Payload =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'absent' }
  /** It is no JSON although it was written as such: a backend has cut it. */
  | { readonly kind: 'cut' };

/** Reads an attribute that holds JSON. */
export function jsonPayload(attribute: unknown): Payload {
  if (attribute === undefined) return { kind: 'absent' };
  // Some backends decode it themselves.
  if (typeof attribute !== 'string') return { kind: 'value', value: attribute };
  try {
    return { kind: 'value', value: JSON.parse(attribute) };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return { kind: 'cut' };
  }
}

/** What a model was given, from `gen_ai.input.messages`: in the form in which LangChain reports it. */
export function modelInputs(attribute: unknown): Payload {
  const payload = jsonPayload(attribute);
  if (payload.kind !== 'value' || !isConversation(payload.value)) return payload;
  return { kind: 'value', value: { messages: [payload.value.map((message) => serialized(message))] } };
}

/** Facts about an answer that have attributes of their own. */
export interface AnswerFacts {
  readonly model: string | undefined;
  readonly responseId: string | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** What a model answered, from `gen_ai.output.messages`: in the form in which LangChain reports it. */
export function modelOutputs(attribute: unknown, facts: AnswerFacts): Payload {
  const payload = jsonPayload(attribute);
  if (payload.kind !== 'value' || !isConversation(payload.value)) return payload;
  const generations = payload.value.map((message) => {
    const made = serialized(message, facts);
    const { content } = made.kwargs;
    return { text: typeof content === 'string' ? content : '', message: made };
  });
  return { kind: 'value', value: { generations: [generations] } };
}

/** What a tool took or gave: text as it is, a serialized LangChain object as the object. */
export function toolPayload(attribute: unknown, field: 'input' | 'output'): Payload {
  if (attribute === undefined) return { kind: 'absent' };
  if (typeof attribute !== 'string') return { kind: 'value', value: { [field]: attribute } };
  if (/^\{"lc":1,/.test(attribute)) {
    const parsed = jsonPayload(attribute);
    return parsed.kind === 'value' ? { kind: 'value', value: { [field]: parsed.value } } : parsed;
  }
  return { kind: 'value', value: { [field]: attribute } };
}

/** What a retriever was asked or found. */
export function retrieverPayload(attribute: unknown, field: 'query' | 'documents'): Payload {
  if (field === 'query') {
    return attribute === undefined ? { kind: 'absent' } : { kind: 'value', value: { query: attribute } };
  }
  const parsed = jsonPayload(attribute);
  return parsed.kind === 'value' ? { kind: 'value', value: { documents: parsed.value } } : parsed;
}

interface GenAiMessage {
  readonly role: string;
  readonly parts: readonly Readonly<Record<string, unknown>>[];
  readonly finish_reason?: unknown;
}

function isConversation(value: unknown): value is readonly GenAiMessage[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (message) =>
        isRecord(message) && typeof message['role'] === 'string' && Array.isArray(message['parts']),
    )
  );
}

const CLASSES: Readonly<Record<string, string>> = {
  user: 'HumanMessage',
  assistant: 'AIMessage',
  system: 'SystemMessage',
  tool: 'ToolMessage',
};

function serialized(message: GenAiMessage, facts?: AnswerFacts) {
  const { role, parts } = message;
  const name = Object.hasOwn(CLASSES, role) ? CLASSES[role] : undefined;
  const response = parts.find(({ type }) => type === 'tool_call_response');
  const content = response === undefined ? contentOf(parts) : response['response'];
  const calls = parts.filter(({ type }) => type === 'tool_call');
  return {
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'messages', name ?? 'ChatMessage'],
    kwargs: {
      content,
      ...(name === undefined ? { role } : {}),
      ...(response === undefined ? {} : { tool_call_id: response['id'] ?? '' }),
      ...(role === 'assistant'
        ? {
            tool_calls: calls.map(({ id, name: tool, arguments: args }) => ({
              name: tool,
              args,
              id: id ?? undefined,
              type: 'tool_call',
            })),
            invalid_tool_calls: [],
          }
        : {}),
      ...answerFields(message, facts),
      additional_kwargs: {},
    },
  };
}

function answerFields(
  { finish_reason }: GenAiMessage,
  facts: AnswerFacts | undefined,
): Record<string, unknown> {
  if (facts === undefined) return { response_metadata: {} };
  const { model, responseId, inputTokens, outputTokens } = facts;
  const hasUsage = inputTokens !== undefined || outputTokens !== undefined;
  return {
    ...(responseId === undefined ? {} : { id: responseId }),
    response_metadata: {
      ...(model === undefined ? {} : { model_name: model }),
      ...(typeof finish_reason === 'string' ? { finish_reason } : {}),
    },
    ...(hasUsage
      ? {
          usage_metadata: {
            input_tokens: inputTokens ?? 0,
            output_tokens: outputTokens ?? 0,
            total_tokens: (inputTokens ?? 0) + (outputTokens ?? 0),
          },
        }
      : {}),
  };
}

/** One part of text is a plain text, as most messages have it. */
function contentOf(parts: GenAiMessage['parts']): unknown {
  const blocks = parts.filter(({ type }) => type !== 'tool_call');
  const [only] = blocks;
  if (only === undefined) return '';
  if (blocks.length === 1 && only['type'] === 'text') return only['content'];
  return blocks.map((part) => {
    if (part['type'] === 'text') return { type: 'text', text: part['content'] };
    return part['type'] === 'reasoning' ? { type: 'reasoning', reasoning: part['content'] } : part;
  });
}
