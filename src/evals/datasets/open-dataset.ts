import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { errorMessage, hasErrorCode, UsageError } from '../../core/index.ts';
import type { Example } from '../example.ts';
import { checkExamples } from './check-examples.ts';
import { contentHash, fingerprintOf } from './content-hash.ts';
import { type DatasetOptions, loadDataset } from './dataset.ts';
import { type ExampleSource, inMemory } from './example-source.ts';
import { fileLines } from './file-lines.ts';
import { readJsonl } from './jsonl.ts';
import { selectSplit, splitsOf } from './split.ts';

/** A dataset that is open for a run. */
export interface OpenDataset {
  /** The selected examples, in file order. At least one. */
  readonly examples: ExampleSource;
  /** As `datasetFingerprint` gives it for them. */
  readonly fingerprint: string;
  /** The line of the file on which an example begins, from 1. */
  lineAt(index: number): number;
  /** Releases the file. Idempotent. */
  close(): void;
}

/** Options of {@link openDataset}. */
export interface OpenDatasetOptions extends DatasetOptions {
  /** Takes the examples of this split only. Default: all. */
  readonly split?: string | undefined;
  /** JSON Lines files of more bytes stay on disk and are read again example by example. Default 4 MiB. */
  readonly maxBytesInMemory?: number;
}

const MAX_BYTES_IN_MEMORY = 4 * 1024 * 1024;
const JSON_LINES = new Set(['.jsonl', '.ndjson']);

/**
 * Opens a dataset for a run. Of a large JSON Lines file only ids, hashes and places are kept in memory; other formats and
 * small files are read whole.
 *
 * @throws UsageError what `loadDataset` and `selectSplit` throw.
 */
export async function openDataset(path: string, options: OpenDatasetOptions = {}): Promise<OpenDataset> {
  const { cwd, split, maxBytesInMemory = MAX_BYTES_IN_MEMORY } = options;
  const indexed = JSON_LINES.has(extname(path).toLowerCase())
    ? indexFile(path, cwd === undefined ? path : resolve(cwd, path), split, maxBytesInMemory)
    : undefined;
  if (indexed !== undefined) return indexed;
  const dataset = await loadDataset(path, options);
  const examples = inMemory(selectSplit(dataset.examples, split));
  return {
    examples,
    fingerprint: fingerprintOfSource(examples),
    lineAt: (index) => dataset.lines.get(examples.idAt(index)) ?? 1,
    close: () => {},
  };
}

/** Undefined for a file that is small, or has a mistake that the other way describes. */
function indexFile(
  path: string,
  absolutePath: string,
  split: string | undefined,
  maxBytesInMemory: number,
): OpenDataset | undefined {
  const file = openOrLeave(path, absolutePath);
  if (file === undefined) return undefined;
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  const places = fstatSync(file).size > maxBytesInMemory ? placesOf(file, split) : undefined;
  if (places === undefined || places.length === 0) {
    close();
    return undefined;
  }
  const placeAt = (index: number): Place => {
    const place = places[index];
    if (place === undefined) throw new RangeError(`There is no example ${index} of ${places.length}.`);
    return place;
  };
  const examples: ExampleSource = {
    size: places.length,
    idAt: (index) => placeAt(index).id,
    contentHashAt: (index) => placeAt(index).hash,
    exampleAt: (index) => readAt(file, placeAt(index), path),
  };
  return {
    examples,
    fingerprint: fingerprintOfSource(examples),
    lineAt: (index) => placeAt(index).line,
    close,
  };
}

/** A file that cannot be opened is left to the reader that says why. */
function openOrLeave(path: string, absolutePath: string): number | undefined {
  try {
    return openSync(absolutePath, 'r');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'EISDIR')) return undefined;
    throw new UsageError('DATASET_UNREADABLE', `Cannot read dataset ${path}: ${errorMessage(error)}.`, {
      cause: error,
    });
  }
}

/** Where an example stands in its file. */
interface Place {
  readonly id: string;
  readonly hash: string;
  readonly line: number;
  readonly startByte: number;
  readonly sizeBytes: number;
}

function placesOf(file: number, split: string | undefined): readonly Place[] | undefined {
  const places: Place[] = [];
  const ids = new Set<string>();
  let line = 0;
  for (const { bytes, startByte } of fileLines(file)) {
    line += 1;
    const read = exampleOf(bytes);
    if (read === 'blank') continue;
    if (read === undefined || ids.has(read.id)) return undefined;
    ids.add(read.id);
    if (split !== undefined && !splitsOf(read).includes(split)) continue;
    places.push({ id: read.id, hash: contentHash(read), line, startByte, sizeBytes: bytes.length });
  }
  return places;
}

/** The example on a line; undefined for one with a mistake. */
function exampleOf(bytes: Buffer): Example | 'blank' | undefined {
  const { examples: raw, issues } = readJsonl(bytes);
  if (issues.length > 0) return undefined;
  if (raw.length === 0) return 'blank';
  const checked = checkExamples(raw);
  return checked.issues.length > 0 ? undefined : checked.examples[0];
}

function readAt(file: number, { id, hash, startByte, sizeBytes }: Place, path: string): Example {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const count = readSync(file, bytes, filled, sizeBytes - filled, startByte + filled);
    if (count === 0) break;
    filled += count;
  }
  const example = exampleOf(bytes.subarray(0, filled));
  if (example !== undefined && example !== 'blank' && contentHash(example) === hash) return example;
  throw new UsageError(
    'DATASET_CHANGED',
    `${path} was changed while it was run: the example ${JSON.stringify(id)} is no longer where it was.`,
    { hint: 'Run the same command again.' },
  );
}

function fingerprintOfSource({ size, idAt, contentHashAt }: ExampleSource): string {
  const entries = Array.from({ length: size }, (_, index) => ({
    id: idAt(index),
    contentHash: contentHashAt(index),
  }));
  return fingerprintOf(entries);
}
