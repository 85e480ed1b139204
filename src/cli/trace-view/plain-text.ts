// Everything that acts instead of being seen: controls (Cc), marks that reorder or hide text (Cf), line separators. The
// joiners U+200C and U+200D stay, which words of some languages and many emoji need.
const UNSAFE = /(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

// By UTF-16 unit, as JSON writes it.
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/**
 * Text of a trace made safe for a terminal: what a user or a model wrote must not be able to clear the screen, forge
 * lines or hide itself. Controls are shown as `\u001b`; line breaks stay, a tab becomes two spaces.
 */
export function plainText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll('\t', '  ').replace(UNSAFE, escaped);
}

/** {@link plainText} on one line: runs of white space become one space. */
export function plainLine(text: string): string {
  return plainText(text.replace(/\s+/g, ' ').trim());
}

/** {@link plainLine} of at most `length` characters, with an ellipsis where it was cut. */
export function shortLine(text: string, length: number): string {
  // Cut before the rest is looked at: a payload can be megabytes long.
  const characters = [...plainLine(text.slice(0, length * 4))];
  const isCut = characters.length > length || text.length > length * 4;
  return isCut ? `${characters.slice(0, length - 1).join('')}…` : characters.join('');
}

/** JSON for a terminal or a pipe: the same value, with every character that a terminal could act on escaped. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNSAFE, escaped);
}
