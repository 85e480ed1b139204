/** Lower-case words of a text; apostrophes inside words stay (`don't`), typographic ones are made plain. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[’‘]/g, "'")
      .match(/[\p{L}\p{N}]+(?:'\p{L}+)?/gu) ?? []
  );
}

const ENDINGS = ['', 's', 'es', 'd', 'ed', 'ing', 'led', 'ling', 'lation', 'able', 'ment', 'ments'];

function matchesWord(cue: string, word: string): boolean {
  return (
    word === cue || (cue.length >= 4 && word.startsWith(cue) && ENDINGS.includes(word.slice(cue.length)))
  );
}

/** True when the words of the cue follow each other in the text. The last word may carry an ending. */
export function containsCue(words: readonly string[], cue: readonly string[]): boolean {
  if (cue.length === 0) return false;
  return words.some((_, start) =>
    cue.every((part, index) => {
      const word = words[start + index];
      return word !== undefined && (index === cue.length - 1 ? matchesWord(part, word) : word === part);
    }),
  );
}

const ORDER_ID_FORMS = [
  // With its letter: A-1007, a1007, A 1007, and the letter O for a zero.
  /\ba(?:[-–]\s?\d{2,8}|[-–\s]?[0-9oil]{4})\b/giu,
  /#\s?\d{3,8}\b/gu,
  // The number alone, after the word that says what it is.
  /(?<=\border\s(?:no\.?\s|nr\.?\s|number\s|id\s)?(?:is\s)?)\d{3,8}\b/giu,
  /^\s*\d{4}(?=\s*[.!]?\s*$)/gu,
] as const;

/** The order number a text names last, as it is written there; undefined when it names none. */
export function findOrderId(text: string): string | undefined {
  const plain = text.normalize('NFKC');
  const found = ORDER_ID_FORMS.flatMap((form) => [...plain.matchAll(form)]).filter((match) =>
    /\d/.test(match[0]),
  );
  return found
    .sort((a, b) => a.index - b.index)
    .at(-1)?.[0]
    .trim();
}

/** A rough count of tokens: four characters each, as English text has with current tokenizers. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
