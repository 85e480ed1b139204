import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Example } from '../example.ts';
import { datasetFingerprint } from './content-hash.ts';
import { loadDataset } from './dataset.ts';
import { type ExampleSource, inMemory } from './example-source.ts';
import { openDataset } from './open-dataset.ts';
import { parseShard, shardOf } from './shard.ts';
import { selectSplit } from './split.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-open-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string) => {
  const path = join(folder, 'd.jsonl');
  writeFileSync(path, text);
  return path;
};
const all = (source: ExampleSource): Example[] =>
  Array.from({ length: source.size }, (_, index) => source.exampleAt(index));
const onDisk = (path: string, split?: string) => openDataset(path, { split, maxBytesInMemory: 0 });

const example = fc.record(
  {
    inputs: fc.dictionary(fc.string(), fc.jsonValue()),
    outputs: fc.dictionary(fc.string(), fc.jsonValue()),
    critical: fc.boolean(),
    split: fc.constantFrom('smoke', 'rest', ['smoke', 'night']),
  },
  { requiredKeys: ['inputs'] },
);

describe('a dataset that stays on disk', () => {
  it('is example by example what one in memory is, whatever its line ends and blank lines', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(example, { minLength: 1, maxLength: 20 }),
        fc.array(fc.constantFrom('\n', '\r\n', '\n\n', '\n  \n'), { minLength: 1 }),
        fc.boolean(),
        async (examples, ends, hasLastEnd) => {
          const lines = examples.map((each, index) => JSON.stringify({ id: `ü${index}`, ...each }));
          const text = lines
            .map(
              (line, index) =>
                line + (index < lines.length - 1 || hasLastEnd ? ends[index % ends.length] : ''),
            )
            .join('');
          const path = write(text);
          const whole = await loadDataset(path);
          const opened = await onDisk(path);
          try {
            expect(all(opened.examples)).toEqual(whole.examples);
            expect(opened.fingerprint).toBe(datasetFingerprint(whole.examples));
            const memory = inMemory(whole.examples);
            for (let index = 0; index < memory.size; index += 1) {
              expect(opened.examples.contentHashAt(index)).toBe(memory.contentHashAt(index));
              expect(opened.lineAt(index)).toBe(whole.lines.get(memory.idAt(index)));
            }
          } finally {
            opened.close();
          }
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  it('finds lines that lie across the pieces in which it is read', async () => {
    const path = write(
      Array.from({ length: 40 }, (_, index) =>
        JSON.stringify({ id: `e${index}`, inputs: { text: 'ä'.repeat(30_000 + index) } }),
      ).join('\n'),
    );
    const { examples, close } = await onDisk(path);
    expect(all(examples)).toEqual((await loadDataset(path)).examples);
    close();
  });

  it('takes a split, and names the splits where there is none of that name', async () => {
    const path = write(
      ['a', 'b', 'c']
        .map((id) => `${JSON.stringify({ id, inputs: {}, split: id === 'b' ? 'x' : 'y' })}\n`)
        .join(''),
    );
    const { examples, fingerprint, close } = await onDisk(path, 'y');
    const expected = selectSplit((await loadDataset(path)).examples, 'y');
    expect([all(examples), fingerprint]).toEqual([expected, datasetFingerprint(expected)]);
    close();
    await expect(onDisk(path, 'z')).rejects.toMatchObject({ code: 'SPLIT_UNKNOWN' });
  });

  it.each([
    ['{"id":"a","inputs":{}}\n{"id":"b"}\n', ':2: inputs: is missing'],
    ['{"id":"a","inputs":{}}\n{"id":"a","inputs":{}}\n', 'is the id of the example in line 1 too'],
    ['{"id":"a","inputs":{}}\n{', ':2: is not valid JSON'],
    ['\n', 'the dataset has no examples'],
  ])('has its mistakes told as one in memory has: %j', async (text, message) => {
    await expect(onDisk(write(text))).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringContaining(message),
    });
  });

  it('that is changed while it is run is noticed', async () => {
    const path = write('{"id":"a","inputs":{"q":1}}\n{"id":"b","inputs":{"q":2}}\n');
    const { examples, close } = await onDisk(path);
    appendFileSync(path, '{"id":"c","inputs":{}}\n');
    expect(examples.exampleAt(1).id).toBe('b');
    writeFileSync(path, '{"id":"a","inputs":{"q":9}}\n{"id":"b","inputs":{"q":2}}\n');
    expect(() => examples.exampleAt(0)).toThrow(expect.objectContaining({ code: 'DATASET_CHANGED' }));
    close();
  });

  it('that is not there is missing, and a folder is no dataset', async () => {
    await expect(onDisk(join(folder, 'no.jsonl'))).rejects.toMatchObject({ code: 'DATASET_MISSING' });
  });
});

describe('shards of a dataset', () => {
  it('have every example once among them and differ in size by one at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 0, max: 100 }), (of, more) => {
        const source = inMemory(
          Array.from({ length: of + more }, (_, id) => ({ id: String(id), inputs: {} })),
        );
        const shards = Array.from({ length: of }, (_, index) => shardOf(source, { index: index + 1, of }));
        const ids = shards.flatMap((shard) => all(shard).map(({ id }) => id));
        expect(ids.toSorted()).toEqual(
          all(source)
            .map(({ id }) => id)
            .toSorted(),
        );
        const sizes = shards.map(({ size }) => size);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(Math.min(...sizes)).toBeGreaterThan(0);
      }),
      { seed: 5 },
    );
  });

  it('are read from what is typed, and nothing else is', () => {
    expect(parseShard('2/4')).toEqual({ index: 2, of: 4 });
    for (const wrong of ['0/4', '5/4', '1/1', '1', '1/', '/2', '1/2/3', '-1/2', '1.5/2', ' 1/2', '1/99999'])
      expect(parseShard(wrong)).toBeUndefined();
  });
});
