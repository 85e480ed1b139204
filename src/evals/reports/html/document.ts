import { createHash } from 'node:crypto';
import { escapeHtml, type Html, scriptJson } from './markup.ts';

/** Options of {@link renderDocument}. */
export interface DocumentOptions {
  readonly title: string;
  /** Inside `<style>`; a constant of this project. */
  readonly css: string;
  /** Inside `<script>`; a constant of this project. Default: none. */
  readonly script?: string;
  readonly body: Html;
  /** Values for the script by element id, which it parses when it needs them. Default: none. */
  readonly data?: Iterable<readonly [id: string, value: unknown]>;
}

/**
 * A page that is one file: it asks nothing of anywhere, and its policy forbids it to. Only its own style and script may
 * run, by their hashes (Content Security Policy Level 3, `'sha256-…'`). Ends with a newline.
 */
export function renderDocument(options: DocumentOptions): string {
  return [...documentText(options)].join('');
}

/** The text of {@link renderDocument} in pieces. */
export function* documentText({
  title,
  css,
  script,
  body,
  data = new Map(),
}: DocumentOptions): Generator<string> {
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(css)}'`,
    ...(script === undefined ? [] : [`script-src '${hashOf(script)}'`]),
    // The empty icon below: without one a browser asks the server of the page for it.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  yield [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="robots" content="noindex">',
    '<link rel="icon" href="data:,">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${css}</style>`,
    '</head>',
    '<body>',
    body.markup,
    '',
  ].join('\n');
  for (const [id, value] of data)
    yield `<script type="application/json" id="${escapeHtml(id)}">${scriptJson(value)}</script>\n`;
  yield [...(script === undefined ? [] : [`<script>${script}</script>`]), '</body>', '</html>', ''].join(
    '\n',
  );
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
