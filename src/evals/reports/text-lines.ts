/** Narrower than this a text is not wrapped. */
const MIN_WIDTH = 30;

/**
 * Text in lines of at most `columns`, broken between words: the first begins with `head`, the others with as many
 * spaces. A word that is longer has a line of its own and stays whole, so that it can be copied.
 */
export function wrapText(text: string, head: string, columns: number): string[] {
  return wrapPieces(text.split(' '), head, columns);
}

/** As {@link wrapText}, broken between the pieces only. */
export function wrapPieces(pieces: readonly string[], head: string, columns: number): string[] {
  const width = Math.max(MIN_WIDTH, columns - head.length);
  const lines: string[] = [];
  let line = '';
  for (const word of pieces) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((content, index) => `${index === 0 ? head : ' '.repeat(head.length)}${content}`);
}

/** Cells as a table without a frame: columns two spaces apart, numbers to the right, trailing spaces cut. */
export function textTable(rows: readonly (readonly string[])[], right: ReadonlySet<number>): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return right.has(index) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
