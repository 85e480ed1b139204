import { isRecord } from '../../core/index.ts';
import type { FencedAnswer, FencedRequest } from '../fence/index.ts';
import { type CallInput, type RecordedResult, requestInput } from '../recording/index.ts';

/** A request to the API of a model. */
export interface ApiRequest {
  readonly host: string;
  readonly input: CallInput;
  /** Whether the answer is to come in events. */
  readonly isStream: boolean;
}

/** Reads a request with a JSON body; undefined for any other. */
export function requestOf({ url, body }: FencedRequest): ApiRequest | undefined {
  const host = URL.parse(url)?.host;
  if (host === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(body);
    if (!isRecord(json)) return undefined;
    return { host, input: requestInput(json), isStream: json['stream'] === true };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/**
 * The recorded answer of a model's API, as it goes over the wire. An answer in events can be made of a chat completion of
 * OpenAI's form alone: its message comes in one event. Undefined when it cannot be played.
 */
export function answerOf(result: RecordedResult, { isStream }: ApiRequest): FencedAnswer | undefined {
  if (result.kind === 'failed') {
    const { name, message } = result.error;
    return json(statusIn(message), { error: { type: name, message } });
  }
  if (result.kind !== 'value' || !isRecord(result.value)) return undefined;
  if (!isStream) return json(200, result.value);
  const { choices } = result.value;
  if (!Array.isArray(choices) || !choices.every(isRecord)) return undefined;
  const chunk = {
    ...result.value,
    object: 'chat.completion.chunk',
    choices: choices.map(({ message, ...choice }) => ({ ...choice, delta: deltaOf(message) })),
  };
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`,
  };
}

function json(status: number, body: unknown): FencedAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The clients put the status before the message; without one it is no error that a client tries again. */
function statusIn(message: string): number {
  const status = Number(/^(\d{3})\b/.exec(message)?.[1]);
  return status >= 400 && status < 600 ? status : 400;
}

function deltaOf(message: unknown): unknown {
  if (!isRecord(message)) return {};
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return message;
  return {
    ...message,
    tool_calls: calls.map((call: unknown, index) => (isRecord(call) ? { index, ...call } : call)),
  };
}
