import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Clock, hasErrorCode, stableStringify } from '../../core/index.ts';
import { parseModuleRef, sourceFiles } from '../../loading/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';

const cachedAnswerSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Milliseconds since the epoch. */
  answeredAt: z.number(),
  outputs: z.record(z.string(), z.unknown()),
  runId: z.string().optional(),
});

/** An answer that an earlier run got. */
export interface CachedAnswer {
  readonly outputs: Record<string, unknown>;
  readonly runId?: string | undefined;
}

/** Answers of earlier runs, so that evaluators can be worked on without calling the agent again. */
export interface AnswerCache {
  /** The answer to these inputs and this repeat; undefined when there is none. */
  get(inputs: Record<string, unknown>, repeat: number): Promise<CachedAnswer | undefined>;
  /** Keeps an answer. */
  put(inputs: Record<string, unknown>, repeat: number, answer: CachedAnswer): Promise<void>;
}

/** A cache in a home. */
export interface AnswerStore extends AnswerCache {
  /** Removes what is too old, and the oldest of what is too much. */
  prune(): Promise<void>;
}

/** Options of {@link openAnswerCache}. */
export interface AnswerCacheOptions {
  /** Its folder is `cache/answers` in it. */
  readonly home: string;
  /** Where the file of a `graph:` target starts, absolute. */
  readonly cwd: string;
  /** Spec of the target. */
  readonly target: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Largest size of all answers. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** An agent behind a URL may have been deployed anew without a sign of it. */
const MAX_AGE_MS = 24 * 60 * 60 * 1_000;
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Answers under `cache/answers` of a home, readable by their owner only, found by target, inputs and repeat. A graph in
 * this process counts as another one when a file of the project that it is made of has changed; one behind a URL when the
 * URL has. An answer is used for 24 hours. Failures of the agent are not kept.
 */
export async function openAnswerCache(options: AnswerCacheOptions): Promise<AnswerStore> {
  const { home, cwd, target, clock, maxBytes = MAX_BYTES } = options;
  const folder = join(home, 'cache', 'answers');
  const fingerprint = await targetFingerprint(target, cwd);
  const pathOf = (inputs: Record<string, unknown>, repeat: number) => {
    const key = hash(stableStringify({ fingerprint, inputs, repeat }));
    return join(folder, key.slice(0, 2), `${key.slice(2)}.json`);
  };
  return {
    async get(inputs, repeat) {
      const text = await readOrNone(pathOf(inputs, repeat));
      if (text === undefined) return undefined;
      const parsed = cachedAnswerSchema.safeParse(parseJson(text));
      // What another version wrote is an answer that is not there, and is written over.
      if (!parsed.success || clock.now() - parsed.data.answeredAt > MAX_AGE_MS) return undefined;
      return { outputs: parsed.data.outputs, runId: parsed.data.runId };
    },
    async put(inputs, repeat, { outputs, runId }) {
      const record = {
        schemaVersion: 1,
        answeredAt: clock.now(),
        outputs,
        ...(runId === undefined ? {} : { runId }),
      };
      await writeFileAtomic(pathOf(inputs, repeat), JSON.stringify(record), { mode: 0o600 });
    },
    prune: () => prune(folder, clock.now() - MAX_AGE_MS, maxBytes),
  };
}

/** Changes when the agent that the target names is known to be another one. */
async function targetFingerprint(target: string, cwd: string): Promise<string> {
  if (!target.startsWith('graph:')) return target;
  const { file } = parseModuleRef(target.slice('graph:'.length).trim());
  const all = createHash('sha256').update(target);
  for (const path of await sourceFiles(resolve(cwd, file)))
    all.update(path).update((await readOrNone(path)) ?? '');
  return all.digest('hex');
}

async function prune(folder: string, oldestMs: number, maxBytes: number): Promise<void> {
  const files: { readonly path: string; readonly bytes: number; readonly writtenMs: number }[] = [];
  for (const entry of await entriesOf(folder)) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(path);
    files.push({ path, bytes: size, writtenMs: mtimeMs });
  }
  files.sort((a, b) => b.writtenMs - a.writtenMs);
  let bytes = 0;
  for (const file of files) {
    bytes += file.bytes;
    if (bytes > maxBytes || file.writtenMs < oldestMs) await rm(file.path, { force: true });
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return [];
    throw error;
  }
}

async function readOrNone(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
