import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { coerceMessageLikeToMessage } from '@langchain/core/messages';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createSupportAgent } from './agent.ts';
import { chooseModel } from './model.ts';
import { OfflineChatModel } from './offline-model/index.ts';

describe('the choice of the model', () => {
  test('is the offline one without a key', async () => {
    expect(await chooseModel({})).toBeInstanceOf(OfflineChatModel);
    expect(await chooseModel({ OPENAI_API_KEY: '' })).toBeInstanceOf(OfflineChatModel);
  });

  test('is OpenAI with one, and the name of the model can be set', async () => {
    const model = await chooseModel({ OPENAI_API_KEY: 'not-a-key', OPENAI_MODEL: 'gpt-4.1' });
    expect(model._llmType()).toBe('openai');
    expect(model).toMatchObject({ model: 'gpt-4.1' });
  });
});

/** What the chat completions API of OpenAI takes, as far as this agent uses it. */
const requestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(
    z.looseObject({
      role: z.enum(['system', 'user', 'assistant', 'tool']),
      content: z.string().nullish(),
      tool_call_id: z.string().optional(),
      tool_calls: z
        .array(
          z.looseObject({
            id: z.string(),
            function: z.looseObject({ name: z.string(), arguments: z.string() }),
          }),
        )
        .optional(),
    }),
  ),
  tools: z
    .array(z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }))
    .optional(),
  response_format: z
    .looseObject({ json_schema: z.looseObject({ name: z.string(), schema: z.unknown() }) })
    .optional(),
});

/** Answers a chat completion by the rules of the offline model, and as strictly as OpenAI: every call needs its answer. */
async function complete(body: unknown) {
  const { model, messages, tools = [], response_format: format } = requestSchema.parse(body);
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  const answered = messages.flatMap((message) => message.tool_call_id ?? []);
  expect(answered).toEqual(calls.map((call) => call.id));
  const conversation = messages.map((message) =>
    coerceMessageLikeToMessage({
      role: message.role,
      content: message.content ?? '',
      ...(message.tool_calls === undefined ? {} : { tool_calls: message.tool_calls }),
      ...(message.tool_call_id === undefined ? {} : { tool_call_id: message.tool_call_id }),
      ...(message.role === 'tool'
        ? { name: calls.find((call) => call.id === message.tool_call_id)?.function.name }
        : {}),
    } as Parameters<typeof coerceMessageLikeToMessage>[0]),
  );
  const schemas =
    format === undefined ? [] : [{ name: format.json_schema.name, parameters: format.json_schema.schema }];
  const bound = [...tools, ...schemas.map((schema) => ({ type: 'function', function: schema }))];
  const offline = new OfflineChatModel();
  const reply = await (bound.length > 0 ? offline.bindTools(bound) : offline).invoke(conversation);
  const [call] = reply.tool_calls ?? [];
  const asText = format !== undefined || call === undefined;
  const message = asText
    ? { role: 'assistant', content: call === undefined ? reply.text : JSON.stringify(call.args) }
    : {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: JSON.stringify(call.args) },
          },
        ],
      };
  return {
    // LangGraph replaces a message by one with the same id: a constant here would lose the calls.
    id: `chatcmpl-${messages.length}-${bound.length}`,
    object: 'chat.completion',
    created: 0,
    model,
    choices: [{ index: 0, message, finish_reason: asText ? 'stop' : 'tool_calls' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function startCompletions() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    readJson(request)
      .then(complete)
      .then(
        (reply) => response.setHeader('content-type', 'application/json').end(JSON.stringify(reply)),
        (error: unknown) =>
          response.writeHead(400).end(JSON.stringify({ error: { message: String(error) } })),
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    url: `http://127.0.0.1:${port}/v1`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('the agent on OpenAI’s protocol', () => {
  test.each([
    ['Refund a1001, one mug broke', 'C-101', /24\.90 EUR.*completed/],
    ['The espresso machine A-1005 is broken, refund please', 'C-102', /escalated.*289\.00 EUR/],
    ['What is your return policy?', 'C-101', /30 days/],
    ['Tell me a joke', 'C-101', /only help with orders/],
  ])('%s', async (content, customerId, answer) => {
    const server = await startCompletions();
    try {
      const model = await chooseModel({ OPENAI_API_KEY: 'not-a-key', OPENAI_BASE_URL: server.url });
      const agent = createSupportAgent({ model });
      const output = await agent.invoke(
        { messages: [{ role: 'user', content }], customerId },
        { configurable: { thread_id: content } },
      );
      expect(output.messages.at(-1)?.text).toMatch(answer);
      expect(new Set(server.asked)).toEqual(new Set(['/v1/chat/completions']));
      expect(server.asked.length).toBeGreaterThanOrEqual(2);
    } finally {
      await server.close();
    }
  });
});
