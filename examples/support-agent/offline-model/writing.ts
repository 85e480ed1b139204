import type { BaseMessage } from '@langchain/core/messages';
import { type Facts, factText, resultsOfTurn } from './conversation.ts';
import { readList, readSetting } from './prompt-reader.ts';

function fillIn(line: string, facts: Facts, prompt: string): string | undefined {
  let complete = true;
  const text = line.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = factText(facts[name]) ?? readSetting(prompt, name);
    if (value === undefined) complete = false;
    return value ?? '';
  });
  // A sentence with a hole in it would state something nobody said.
  return complete ? text.replace(/\s+/g, ' ').trim() : undefined;
}

const GUIDE = 'fill in the braces from the results and the situation:';
const OTHERWISE = 'otherwise';
const NO_IDEA = 'I am not sure how to help with that.';

/** A reply that leaves out what the tools found: what the guide says where nothing else fits. */
export function writeVagueReply(prompt: string): string {
  return readList(prompt, GUIDE).get(OTHERWISE) ?? NO_IDEA;
}

/** The reply, by the reply guide in the system prompt and the results in the conversation. */
export function writeReply(prompt: string, messages: readonly BaseMessage[]): string {
  const guide = readList(prompt, GUIDE);
  const results = resultsOfTurn(messages);
  const facts: Facts = Object.assign({}, ...results.map((result) => result.facts));
  const [last, before] = [results.at(-1), results.at(-2)].map((result) => factText(result?.facts['outcome']));
  const cases = [
    readSetting(prompt, 'stepLimitReached') === 'yes' ? 'step_limit' : undefined,
    `${last} after ${before}`,
    last,
    last === undefined ? `intent.${readSetting(prompt, 'intent')}` : undefined,
    OTHERWISE,
  ];
  const line = cases
    .map((key) => (key === undefined ? undefined : guide.get(key)))
    .map((text) => (text === undefined ? undefined : fillIn(text, facts, prompt)))
    .find((text) => text !== undefined);

  const opening = /^Where the customer is upset, begin with: (.*)$/m.exec(prompt)?.[1];
  const upset = readSetting(prompt, 'upset') === 'yes' && opening !== undefined;
  return [upset ? opening : '', line ?? NO_IDEA].filter((part) => part !== '').join(' ');
}
