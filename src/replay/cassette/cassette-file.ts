import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { hasErrorCode, isRecord, UsageError } from '../../core/index.ts';
import { CASSETTE_SCHEMA_VERSION, type Cassette, cassetteSchema } from './cassette.ts';

/** How the name of a cassette's file ends. */
export const CASSETTE_SUFFIX = '.sluice-cassette.json';

/** Where cassettes are kept unless it is said otherwise, from the working directory. */
export const DEFAULT_CASSETTE_FOLDER = 'datasets/cassettes';

const MAX_BYTES = 64 * 1024 * 1024;
/** The tracer goes no deeper than 60 into a payload. */
const MAX_DEPTH = 120;

/**
 * Writes a cassette, readable by its owner alone.
 *
 * @param path A file, or a folder (one that exists, or a path that ends in `/`) in which it is named after its trace.
 * @returns The file that was written.
 */
export async function saveCassette(cassette: Cassette, path: string): Promise<string> {
  const file = (await isFolder(path)) ? join(path, fileNameOf(cassette)) : path;
  await replaceFile(file, `${JSON.stringify(cassetteSchema.parse(cassette), null, 2)}\n`);
  return file;
}

/** A reader sees the old cassette or the new one, and nobody but its owner either of them. */
async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(temporary, file);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

/** An id in a trace from elsewhere can be any text. */
function fileNameOf({ trace }: Cassette): string {
  return `${trace.id.replace(/[^\w-]+/g, '_').slice(0, 100)}${CASSETTE_SUFFIX}`;
}

async function isFolder(path: string): Promise<boolean> {
  if (/[\\/]$/.test(path)) return true;
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return false;
    throw thrown;
  }
}

/**
 * Reads a cassette.
 *
 * @throws UsageError `CASSETTE_MISSING`, `CASSETTE_TOO_LARGE`, `CASSETTE_VERSION` or `CASSETTE_INVALID`.
 */
export async function readCassette(path: string): Promise<Cassette> {
  const json = await readJson(path);
  if (
    isRecord(json) &&
    typeof json['schemaVersion'] === 'number' &&
    json['schemaVersion'] > CASSETTE_SCHEMA_VERSION
  ) {
    throw new UsageError(
      'CASSETTE_VERSION',
      `${path} is of version ${json['schemaVersion']}, which this version of sluicegate does not know.`,
      { hint: 'Upgrade sluicegate, or save the cassette again with this version.' },
    );
  }
  const parsed = cassetteSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(
    path,
    `${issue?.path.map(String).join('.') || 'the file'}: ${issue?.message ?? 'invalid'}`,
    parsed.error,
  );
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      throw new UsageError(
        'CASSETTE_TOO_LARGE',
        `${path} has ${size} bytes; a cassette has at most ${MAX_BYTES}.`,
        {
          hint: 'Save a shorter run.',
        },
      );
    }
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if (!hasErrorCode(thrown, 'ENOENT')) throw thrown;
    throw new UsageError('CASSETTE_MISSING', `There is no cassette ${path}.`, {
      hint: 'Make one: sluice replay <trace-id> --graph <file#export> --save-cassette',
      cause: thrown,
    });
  }
  try {
    const json: unknown = JSON.parse(text);
    const flaw = flawOf(json);
    if (flaw !== undefined) throw invalid(path, flaw);
    return json;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    throw invalid(path, 'it is not JSON', thrown);
  }
}

function invalid(path: string, what: string, cause?: unknown): UsageError {
  return new UsageError('CASSETTE_INVALID', `${path} is no cassette: ${what}.`, {
    hint: 'Save it again: sluice replay <trace-id> --graph <file#export> --save-cassette',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What no recorded run has, and what a careless reader would trip over. Goes level by level, for it may be deep. */
function flawOf(json: unknown): string | undefined {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return `it is more than ${MAX_DEPTH} levels deep`;
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      if (Object.hasOwn(value, '__proto__')) return 'it has a member called __proto__';
      for (const member of Object.values(value)) next.push(member);
    }
    level = next;
  }
  return undefined;
}

/**
 * The cassettes of a file or of a folder, by name.
 *
 * @throws UsageError as {@link readCassette} does, and `CASSETTES_NONE` for a folder without any.
 */
export async function readCassettes(
  path: string,
): Promise<readonly { readonly file: string; readonly cassette: Cassette }[]> {
  const files = await listCassettes(path);
  return await Promise.all(files.map(async (file) => ({ file, cassette: await readCassette(file) })));
}

/**
 * The files of the cassettes of a folder, by name; a file stands for itself.
 *
 * @throws UsageError `CASSETTES_NONE` for a folder without any.
 */
export async function listCassettes(path: string): Promise<readonly string[]> {
  const absolute = resolve(path);
  if (!(await isFolder(absolute))) return [path];
  const names = (await readdirOrNone(absolute)).filter((name) => name.endsWith(CASSETTE_SUFFIX)).sort();
  if (names.length > 0) return names.map((name) => join(path, basename(name)));
  throw new UsageError('CASSETTES_NONE', `There is no *${CASSETTE_SUFFIX} in ${path}.`, {
    hint: 'Make one: sluice replay <trace-id> --graph <file#export> --save-cassette',
  });
}

async function readdirOrNone(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return [];
    throw thrown;
  }
}
