import { withoutEscapes } from '../escape-sequences.ts';

/** Control characters, line and paragraph separators, and marks that reorder or hide what is around them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/**
 * Text from a dataset, an agent or an evaluator, made harmless to print on a terminal: one line, no escape sequences, no
 * control characters, nothing that reorders the line; cut to `maxLength` characters.
 */
export function plainText(text: string, maxLength = 200): string {
  const line = withoutEscapes(text).replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim();
  const characters = [...line];
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join('')}…`;
}

/** What starts something inside a line of GitHub's Markdown, HTML and mathematics included. */
const INLINE_MARKUP = /[\\`*{}[\]<>()#!|~&@$^]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|:(?=\/)|(?<=www)\./giu;

/**
 * The same text for the inside of a line of Markdown with HTML in it: what could be markup, a link or a mention is written
 * as a character reference, which is never taken for structure (CommonMark, "Entity and numeric character references").
 */
export function markdownText(text: string, maxLength = 200): string {
  return plainText(text, maxLength).replace(INLINE_MARKUP, (character) => `&#${character.codePointAt(0)};`);
}
