import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

/** A place in a source file. */
interface ErrorLocation {
  /** Absolute. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/**
 * Where in the user's own files an error comes from, as ` (agent.ts:12)` to end a message with: the place a compiler
 * names, else the innermost stack frame that is neither Node's nor a package's. Empty when there is none.
 *
 * @param cwd Absolute; files inside it are shown relative to it.
 */
export function locationSuffix(thrown: unknown, cwd: string): string {
  const location = compilerProblem(thrown) ?? stackLocation(thrown);
  if (location === undefined) return '';
  const short = relative(cwd, location.path);
  return ` (${short.startsWith('..') ? location.path : short}:${location.line})`;
}

/** What the compiler of tsx says of a file it cannot compile; its errors reach the importer as text alone. */
export function compilerProblem(thrown: unknown): (ErrorLocation & { readonly text: string }) | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const [, path, line, text] =
    /^Transform failed with [^\n]*\n(.+?):(\d+):\d+: ERROR: ([^\n]+)/.exec(thrown.message) ?? [];
  return path === undefined || text === undefined ? undefined : { path, line: Number(line), text };
}

function stackLocation(thrown: unknown): ErrorLocation | undefined {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return undefined;
  for (const frame of thrown.stack.split('\n')) {
    // A frame ends in path:line:column; the head of a syntax error is path:line alone.
    const [, place, line] =
      /(?:^|[\s(])((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()]*?):(\d+)(?::\d+)?\)?$/.exec(frame.trim()) ?? [];
    if (place === undefined || line === undefined) continue;
    const path = toPath(place);
    // The frames from here on called the user's module; they are not where it failed.
    if (dirname(path) === OWN_FOLDER) return undefined;
    if (!/[\\/]node_modules[\\/]/.test(path)) return { path, line: Number(line) };
  }
  return undefined;
}

function toPath(place: string): string {
  const [withoutQuery = place] = place.split('?');
  return withoutQuery.startsWith('file://') ? fileURLToPath(withoutQuery) : withoutQuery;
}
