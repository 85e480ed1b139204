import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { OfflineChatModel, readFlakiness } from './offline-model/index.ts';

/**
 * The chat model the environment asks for: OpenAI when `OPENAI_API_KEY` is set (`OPENAI_MODEL` names the model, default
 * `gpt-4.1-mini`; `OPENAI_BASE_URL` a compatible server), otherwise the offline model, which needs neither a key nor a
 * network and is as flaky as `SUPPORT_AGENT_FLAKINESS` says.
 */
export async function chooseModel(env: Readonly<Record<string, string | undefined>>): Promise<BaseChatModel> {
  const apiKey = env['OPENAI_API_KEY'];
  if (!apiKey) return new OfflineChatModel({ flakiness: readFlakiness(env) });
  const { ChatOpenAI } = await import('@langchain/openai');
  const baseURL = env['OPENAI_BASE_URL'];
  return new ChatOpenAI({
    apiKey,
    model: env['OPENAI_MODEL'] || 'gpt-4.1-mini',
    temperature: 0,
    ...(baseURL ? { configuration: { baseURL } } : {}),
  });
}
