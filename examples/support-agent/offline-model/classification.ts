import type { BaseMessage } from '@langchain/core/messages';
import { readEntries, readList } from './prompt-reader.ts';
import { containsCue, findOrderId, wordsOf } from './text.ts';

/** Arguments of the call that classifies a request. */
export type ClassificationArguments = Record<'intent' | 'orderId' | 'upset', unknown>;

/** A number in the text is a weaker sign than any word: it says which order, hardly what about it. */
const ORDER_ID_WEIGHT = 0.5;

interface IntentCues {
  readonly intent: string;
  readonly cues: readonly (readonly string[])[];
  /** The prompt says that it only counts where the customer asks for nothing else. */
  readonly onlyAlone: boolean;
}

interface Reading {
  readonly intent: string;
  readonly score: number;
}

function readIntents(prompt: string): IntentCues[] {
  return [...readList(prompt, 'Intents:')].map(([intent, description]) => ({
    intent,
    cues: readEntries(/\(([^)]*)\)/.exec(description)?.[1] ?? '').map(wordsOf),
    onlyAlone: description.includes('nothing else'),
  }));
}

/** The intent whose cues the text holds most of, longer cues counting more; the earlier in the prompt wins a tie. */
function readIntent(intents: readonly IntentCues[], text: string): Reading | undefined {
  const words = wordsOf(text);
  const hasOrderId = findOrderId(text) !== undefined;
  const readings = intents.map(({ intent, cues, onlyAlone }) => {
    const said = cues.filter((cue) => containsCue(words, cue)).reduce((sum, cue) => sum + cue.length, 0);
    const named = hasOrderId && cues.some((cue) => cue.join(' ') === 'order number') ? ORDER_ID_WEIGHT : 0;
    return { intent, score: said + named, onlyAlone };
  });
  const wanted = readings.filter((reading) => reading.score > 0);
  const serious = wanted.filter((reading) => !reading.onlyAlone);
  return (serious.length > 0 ? serious : wanted).toSorted((a, b) => b.score - a.score)[0];
}

/** What the latest message that says so wants; one that only names an order does not say. */
function intentOf(intents: readonly IntentCues[], latestFirst: readonly string[]): string | undefined {
  const readings = latestFirst.flatMap((text) => readIntent(intents, text) ?? []);
  return (readings.find((reading) => reading.score > ORDER_ID_WEIGHT) ?? readings[0])?.intent;
}

/** Classifies a conversation by the hints in the system prompt: nothing is known here that the prompt does not say. */
export function classify(prompt: string, messages: readonly BaseMessage[]): ClassificationArguments {
  const texts = messages.filter((message) => message.getType() === 'human').map((message) => message.text);
  const latestFirst = texts.toReversed();
  const intents = readIntents(prompt);
  const upsetCues = readEntries(/Signs that a customer is upset: (.*)/.exec(prompt)?.[1] ?? '').map(wordsOf);
  const latest = wordsOf(latestFirst[0] ?? '');
  return {
    intent: intentOf(intents, latestFirst) ?? intents.at(-1)?.intent ?? '',
    orderId: latestFirst.map(findOrderId).find((found) => found !== undefined) ?? null,
    upset: upsetCues.some((cue) => containsCue(latest, cue)),
  };
}
