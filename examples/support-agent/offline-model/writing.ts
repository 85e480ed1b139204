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

/** The reply, by the reply guide in the system prompt and the results in the conversation. */
export function writeReply(prompt: string, messages: readonly BaseMessage[]): string {
  const guide = readList(prompt, 'fill in the braces from the results and the situation:');
  const results = resultsOfTurn(messages);
  const facts: Facts = Object.assign({}, ...results.map((result) => result.facts));
  const [last, before] = [results.at(-1), results.at(-2)].map((result) => factText(result?.facts['outcome']));
  const cases = [
    readSetting(prompt, 'stepLimitReached') === 'yes' ? 'step_limit' : undefined,
    `${last} after ${before}`,
    last,
    last === undefined ? `intent.${readSetting(prompt, 'intent')}` : undefined,
    'otherwise',
  ];
  const line = cases
    .map((key) => (key === undefined ? undefined : guide.get(key)))
    .map((text) => (text === undefined ? undefined : fillIn(text, facts, prompt)))
    .find((text) => text !== undefined);

  const opening = /^Where the customer is upset, begin with: (.*)$/m.exec(prompt)?.[1];
  const upset = readSetting(prompt, 'upset') === 'yes' && opening !== undefined;
  return [upset ? opening : '', line ?? 'I am not sure how to help with that.']
    .filter((part) => part !== '')
    .join(' ');
}
