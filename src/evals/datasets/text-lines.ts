import type { FormatIssue } from './raw-example.ts';

/** Longest line of a dataset, in bytes. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** One line of a file as text, or what is wrong with it. */
export type TextLine =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly issue: string };

/** The lines of a file, without their ends (LF or CRLF) and without a byte order mark. */
export function* textLines(bytes: Buffer): Generator<TextLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let start = BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte) ? BYTE_ORDER_MARK.length : 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed;
    yield decodeLine(bytes.subarray(start, end), line, decoder);
    start = end + 1;
  }
}

function decodeLine(bytes: Buffer, line: number, decoder: InstanceType<typeof TextDecoder>): TextLine {
  if (bytes.length > MAX_LINE_BYTES) {
    const sizeMib = (bytes.length / 1024 / 1024).toFixed(1);
    return { line, issue: `the line has ${sizeMib} MiB; at most ${MAX_LINE_BYTES / 1024 / 1024} are read` };
  }
  try {
    return { line, text: decoder.decode(bytes).replace(/\r$/, '') };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { line, issue: isUtf16(bytes) ? 'is UTF-16; save the file as UTF-8' : 'is not valid UTF-8' };
  }
}

function isUtf16(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** The whole file as text, for formats that are not read line by line; the issues of its lines instead when it has any. */
export function wholeText(
  bytes: Buffer,
): { readonly text: string } | { readonly issues: readonly FormatIssue[] } {
  const lines: string[] = [];
  const issues: FormatIssue[] = [];
  for (const line of textLines(bytes)) {
    if ('text' in line) lines.push(line.text);
    else issues.push({ line: line.line, message: line.issue });
  }
  return issues.length > 0 ? { issues } : { text: lines.join('\n') };
}
