/** Control characters but line feed and tab, marks that reorder or hide text, separators, and halves of a character. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Joins letters of some scripts and the parts of an emoji; alone it does nothing. */
const JOINERS = new Set(['\u200C', '\u200D']);

/**
 * Text of several lines from a dataset, an agent or an evaluator, with everything that is not seen, or that changes how
 * what is around it is seen, written out: an escape becomes `[U+001B]`, a mark that reverses the line `[U+202E]`. Nothing
 * is taken away, so that a reader sees what the agent really wrote. Line feeds and tabs stay.
 */
export function visibleText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(INVISIBLE, (character) => {
    if (character === '\n' || character === '\t' || JOINERS.has(character)) return character;
    return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}
