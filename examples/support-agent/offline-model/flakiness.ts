import { createHash } from 'node:crypto';
import type { BaseMessage } from '@langchain/core/messages';

/** How often the offline model takes a worse turn, as real models do. */
export interface Flakiness {
  /** Share of the answers it writes that are worse, from 0 to 1. */
  readonly rate: number;
  /** Another seed gives other answers that are worse. */
  readonly seed: string;
}

/** Says of each answer, when it is written, whether it is a worse one. */
export type WorseTurns = (messages: readonly BaseMessage[]) => boolean;

/**
 * The n-th answer to the same conversation is drawn from the seed, the conversation and n: it does not depend on what else
 * is asked meanwhile, so that a run with the same seed has the same scores at any concurrency. The counts are kept as long
 * as the model is.
 */
export function worseTurns({ rate, seed }: Flakiness): WorseTurns {
  const asked = new Map<string, number>();
  return (messages) => {
    const conversation = digest(JSON.stringify(messages.map(({ type, text }) => [type, text]))).toString(
      'hex',
    );
    const count = (asked.get(conversation) ?? 0) + 1;
    asked.set(conversation, count);
    return digest(JSON.stringify([seed, conversation, count])).readUIntBE(0, 6) / 2 ** 48 < rate;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * The flakiness that the environment asks for: `SUPPORT_AGENT_FLAKINESS`, a share from 0 to 1 (default 0), with
 * `SUPPORT_AGENT_SEED` (default `1`). Undefined for none.
 *
 * @throws RangeError for a share that is no number from 0 to 1.
 */
export function readFlakiness(env: Readonly<Record<string, string | undefined>>): Flakiness | undefined {
  const text = env['SUPPORT_AGENT_FLAKINESS']?.trim() || '0';
  const rate = Number(text);
  if (!(rate >= 0 && rate <= 1))
    throw new RangeError(
      `SUPPORT_AGENT_FLAKINESS must be a number from 0 to 1, not ${JSON.stringify(text)}.`,
    );
  return rate === 0 ? undefined : { rate, seed: env['SUPPORT_AGENT_SEED'] || '1' };
}
