/** Tables by the name that a page's markers call them. */
export type DocTables = ReadonlyMap<string, string>;

/** A page with its tables filled in, and the names of those it has. */
export interface FilledPage {
  readonly text: string;
  readonly used: readonly string[];
}

const MARKER = /^<!-- (generated:([a-z-]+)|\/generated) -->$/;

/**
 * Puts each table between its markers, `<!-- generated:name -->` and `<!-- /generated -->`, each on a line of its own.
 * Markers inside a fenced block are text like any other. Filling a filled page changes nothing.
 *
 * @param file What errors call the page.
 * @throws Error naming file and line of a marker that is not closed, not opened, or names no table.
 */
export function fillPage(file: string, text: string, tables: DocTables): FilledPage {
  const lines: string[] = [];
  const used: string[] = [];
  let open: { readonly name: string; readonly line: number } | undefined;
  let fence: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const at = `${file}:${index + 1}`;
    const marker = fence === undefined ? MARKER.exec(line) : null;
    if (marker === null) {
      if (open !== undefined) continue;
      fence = nextFence(fence, line);
      lines.push(line);
      continue;
    }
    const name = marker[2];
    if (name === undefined) {
      if (open === undefined) throw new Error(`${at}: closes a table that is not open.`);
      open = undefined;
      lines.push(line);
      continue;
    }
    if (open !== undefined)
      throw new Error(`${at}: the table ${open.name} of line ${open.line} is still open.`);
    const table = tables.get(name);
    if (table === undefined) throw new Error(`${at}: there is no table ${name}.`);
    used.push(name);
    open = { name, line: index + 1 };
    lines.push(line, '', table, '');
  }
  if (open !== undefined) throw new Error(`${file}:${open.line}: the table ${open.name} is not closed.`);
  return { text: lines.join('\n'), used };
}

/** The fence that is open after a line: three or more backticks, closed by at least as many. */
function nextFence(fence: string | undefined, line: string): string | undefined {
  const [, ticks, info] = /^ {0,3}(`{3,})([^`]*)$/.exec(line) ?? [];
  if (ticks === undefined) return fence;
  if (fence === undefined) return ticks;
  return ticks.length >= fence.length && info?.trim() === '' ? undefined : fence;
}

/** A code block of a page. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** Line of its first line, from 1. */
  readonly line: number;
}

/** The fenced code blocks of a page. */
export function codeBlocks(text: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let fence: string | undefined;
  let current: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const before = fence;
    fence = nextFence(fence, line);
    if (before === undefined && fence !== undefined) {
      current = { language: line.replace(/^\s*`+/, '').trim(), line: index + 2, lines: [] };
    } else if (before !== undefined && fence === undefined && current !== undefined) {
      blocks.push({ language: current.language, text: current.lines.join('\n'), line: current.line });
      current = undefined;
    } else current?.lines.push(line);
  }
  return blocks;
}

/** Anchors of the headings of a page, as GitHub makes them. */
export function headingAnchors(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    const before = fence;
    fence = nextFence(fence, line);
    const [, heading] = before === undefined ? (/^#{1,6} (.+)$/.exec(line) ?? []) : [];
    if (heading === undefined) continue;
    const base = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let anchor = base;
    for (let copy = 1; anchors.has(anchor); copy += 1) anchor = `${base}-${copy}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** A Markdown table. Cells are Markdown on one line. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
