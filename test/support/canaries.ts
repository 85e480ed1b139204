import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Every form in which a text could stand in a file or a request. */
export function formsOf(text: string): readonly Buffer[] {
  const utf8 = Buffer.from(text);
  const utf16 = Buffer.from(text, 'utf16le');
  // Three alignments: what base64 makes of a text depends on what stands before it.
  const base64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), utf8]).toString('base64');
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
  const escaped = [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  return [
    utf8,
    utf16,
    Buffer.from(utf16).swap16(),
    Buffer.from(escaped),
    Buffer.from(JSON.stringify(text).slice(1, -1)),
    Buffer.from(utf8.toString('hex')),
    Buffer.from(utf8.toString('hex').toUpperCase()),
    Buffer.from(encodeURIComponent(text)),
    ...base64.map((form) => Buffer.from(form)),
  ];
}

/** Those of the texts that stand in any of the bytes, in whatever form. */
export function textsIn(bytes: readonly Buffer[], texts: readonly string[]): string[] {
  return texts.filter((text) => {
    const forms = formsOf(text);
    return bytes.some((one) => forms.some((form) => one.includes(form)));
  });
}

/** The names of the files below a folder that hold any of the texts, each with the text. */
export async function findTexts(folder: string, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const text of texts) {
      if (textsIn([bytes], [text]).length > 0) found.push(`${entry.name}: ${text}`);
    }
  }
  return found;
}
