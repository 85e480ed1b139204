import type { BaseMessage } from '@langchain/core/messages';

/** A tool result as the model reads it: fields of a JSON object. */
export type Facts = Readonly<Record<string, unknown>>;

function readFacts(text: string): Facts {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { text };
  } catch (error) {
    // Tools may answer with plain text: then that text is the one fact.
    if (error instanceof SyntaxError) return { text };
    throw error;
  }
}

/** What the tools answered since the customer last wrote, oldest first. */
export function resultsOfTurn(
  messages: readonly BaseMessage[],
): readonly { readonly tool: string; readonly facts: Facts }[] {
  const start = messages.findLastIndex((message) => message.getType() === 'human') + 1;
  return messages
    .slice(start)
    .filter((message) => message.getType() === 'tool')
    .map((message) => ({ tool: message.name ?? '', facts: readFacts(message.text) }));
}

/** What the customer wrote last. */
export function latestRequest(messages: readonly BaseMessage[]): string {
  return messages.findLast((message) => message.getType() === 'human')?.text ?? '';
}

/** A fact as text; undefined when it is neither text nor a number. */
export function factText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}
