import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SluiceError } from '../../core/index.ts';
import type { Example } from '../example.ts';
import { contentHash, datasetFingerprint, loadDataset, selectSplit, validateDataset } from './index.ts';

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-datasets-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string | Buffer, extension = 'jsonl'): string {
  count += 1;
  const path = join(folder, `set-${count}.${extension}`);
  writeFileSync(path, content);
  return path;
}

async function issues(content: string | Buffer, extension?: string): Promise<string[]> {
  const found = await validateDataset(file(content, extension));
  return found.issues.map(({ line, field, message }) => `${line}: ${field ?? '-'}: ${message}`);
}

async function failure(path: string): Promise<SluiceError> {
  const error: unknown = await loadDataset(path).catch((thrown: unknown) => thrown);
  if (error instanceof SluiceError) return error;
  throw new Error('nothing was thrown');
}

const example = fc.record(
  {
    id: fc.stringMatching(/^[a-z0-9]{1,12}$/),
    inputs: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 })),
    outputs: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
    split: fc.oneof(fc.constant('smoke'), fc.constant(['smoke', 'full'])),
    critical: fc.boolean(),
  },
  { requiredKeys: ['id', 'inputs'] },
);
const examples = fc.uniqueArray(example, { selector: ({ id }) => id, minLength: 1, maxLength: 8 });

describe('JSON Lines', () => {
  it('gives back what was written, with lines', async () => {
    await fc.assert(
      fc.asyncProperty(examples, fc.constantFrom('\n', '\r\n', '\n\n'), async (written, ending) => {
        const text = written.map((each) => JSON.stringify(each)).join(ending);
        const dataset = await loadDataset(file(`\ufeff${text}${ending}`));
        expect(JSON.stringify(dataset.examples.map((each) => sorted(each)))).toBe(
          JSON.stringify(written.map((each) => sorted(JSON.parse(JSON.stringify(each)) as object))),
        );
        expect(dataset.lines.get(written.at(-1)!.id)).toBe(
          ending === '\n\n' ? written.length * 2 - 1 : written.length,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('finds every mistake with its line and field', async () => {
    const found = await issues(
      [
        '{"id":"a","inputs":{}}',
        '{"id":"b","inputs":{}',
        '{"id":"a","inputs":{}}',
        '{"inputs":{}}',
        '{"id":"c","inputs":[1],"input":{}}',
        '{"id":"d","inputs":{},"critical":"yes","split":[]}',
        '[]',
        '{"id":"  ","inputs":{}}',
      ].join('\n'),
    );
    expect(found).toEqual([
      expect.stringMatching(/^2: -: is not valid JSON: /),
      '3: id: "a" is the id of the example in line 1 too',
      '4: id: is missing',
      '5: inputs: must be an object, not array',
      expect.stringMatching(/^5: input: unknown key; the keys are id, inputs/),
      '6: split: must not be empty',
      '6: critical: must be a boolean, not string',
      '7: -: must be an object, not array',
      '8: id: must not be empty',
    ]);
  });

  it('names the first mistake and counts the others when it loads', async () => {
    const path = file('{"id":"a","inputs":{}}\n{"id":"a","inputs":{}}\n{}\n');
    const error = await failure(path);
    expect(error).toMatchObject({ code: 'DATASET_INVALID', exitCode: 2 });
    expect(error.message).toBe(
      `${path}:2: id: "a" is the id of the example in line 1 too (and 2 more mistakes).`,
    );
    expect(error.hint).toContain('sluice dataset validate');
  });

  it('reports text that is not UTF-8 by its line, and a file that is UTF-16', async () => {
    const broken = Buffer.concat([
      Buffer.from('{"id":"a","inputs":{}}\n'),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
    ]);
    expect(await issues(broken)).toEqual(['2: -: is not valid UTF-8']);
    expect(await issues(Buffer.from('\ufeff{}', 'utf16le'))).toEqual([
      '1: -: is UTF-16; save the file as UTF-8',
    ]);
  });

  it('refuses a line of more than 8 MiB and reads on', async () => {
    const long = `{"id":"a","inputs":{"x":"${'x'.repeat(8 * 1024 * 1024)}"}}`;
    expect(await issues(`${long}\n{"id":"b","inputs":{}}`)).toEqual([
      '1: -: the line has 8.0 MiB; at most 8 are read',
    ]);
  });

  it('refuses values that are nested without an end', async () => {
    const deep = `{"id":"a","inputs":{"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`;
    expect(await issues(deep)).toEqual([expect.stringMatching(/^1: inputs.*nested deeper than 200 levels$/)]);
  });

  it('takes __proto__ for data and lets it change nothing', async () => {
    const path = file('{"id":"a","inputs":{"__proto__":{"polluted":true},"constructor":1}}');
    const [first] = (await loadDataset(path)).examples;
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((first!.inputs as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(first!.inputs)).toBe('{"__proto__":{"polluted":true},"constructor":1}');
    expect(await issues('{"id":"a","inputs":{},"__proto__":{}}')).toEqual([
      expect.stringContaining('unknown key'),
    ]);
  });
});

describe('YAML and JSON', () => {
  it('reads a list or a map with examples', async () => {
    const list = '- id: a\n  inputs: {q: hi}\n\n- id: b\n  inputs:\n    q: 1\n';
    const dataset = await loadDataset(file(list, 'yaml'));
    expect(dataset.examples).toEqual([
      { id: 'a', inputs: { q: 'hi' } },
      { id: 'b', inputs: { q: 1 } },
    ]);
    expect([...dataset.lines]).toEqual([
      ['a', 1],
      ['b', 4],
    ]);
    expect((await loadDataset(file('examples:\n  - {id: a, inputs: {}}', 'yml'))).examples).toHaveLength(1);
    expect((await loadDataset(file('[{"id":"a","inputs":{}}]', 'json'))).examples).toHaveLength(1);
  });

  it('names the line of the field', async () => {
    const text = '- id: a\n  inputs:\n    q: hi\n  critical: maybe\n- id: a\n  inputs: {x: .nan}\n  odd: 1\n';
    expect(await issues(text, 'yaml')).toEqual([
      '4: critical: must be a boolean, not string',
      '5: id: "a" is the id of the example in line 1 too',
      '6: inputs.x: is no JSON value',
      expect.stringMatching(/^7: odd: unknown key/),
    ]);
  });

  it.each([
    ['broken', '- id: [a\n', /^\d: -: is not valid YAML/],
    ['a key twice', '- id: a\n  id: b\n  inputs: {}\n', /^2: -: is not valid YAML: .*unique/],
    ['no list', 'a: 1\nb: 2\n', /^1: -: must be a list/],
    ['two documents', '- id: a\n  inputs: {}\n---\n- id: b\n', /^4: -: begins a second document/],
    ['empty', '', /no examples/],
    [
      'an alias bomb',
      `- id: a\n  inputs: {a: &a [${'x,'.repeat(20)}], b: &b [${'*a,'.repeat(20)}], c: &c [${'*b,'.repeat(20)}], d: [${'*c,'.repeat(20)}]}\n`,
      /is not valid YAML: .*alias/i,
    ],
  ])('refuses %s', async (_what, text, expected) => {
    expect(await issues(text, 'yaml')).toEqual([expect.stringMatching(expected)]);
  });
});

describe('CSV', () => {
  it('reads columns into fields', async () => {
    const text =
      'id,inputs.q,inputs.user.name,outputs.tools,outputs.resolution,metadata.intent,split,critical\r\n' +
      '007,"two\nlines, ""quoted""",Ann,"[""lookup""]",false,refund,smoke|full,true\r\n' +
      'b,42,,,,,full,\r\n';
    const dataset = await loadDataset(file(text, 'csv'));
    expect(dataset.examples).toEqual([
      {
        id: '007',
        inputs: { q: 'two\nlines, "quoted"', user: { name: 'Ann' } },
        outputs: { tools: ['lookup'], resolution: false },
        metadata: { intent: 'refund' },
        split: ['smoke', 'full'],
        critical: true,
      },
      { id: 'b', inputs: { q: '42' }, split: 'full' },
    ]);
    expect([...dataset.lines.values()]).toEqual([2, 4]);
  });

  it.each([
    [
      'unknown and missing columns',
      'ID,inputs.q\na,b\n',
      [/^1: ID: unknown column/, /^1: id: the column is missing/],
    ],
    ['clashing columns', 'id,inputs,inputs.q\n', [/^1: inputs\.q: clashes with column inputs/]],
    ['a column twice', 'id,inputs.q,inputs.q\n', [/^1: inputs\.q: the column is there twice/]],
    ['rows of the wrong length', 'id,inputs.q\na\nb,c,d\n', [/^2: -: has 1 cells/, /^3: -: has 3 cells/]],
    [
      'broken cells',
      'id,inputs,critical\na,[1],perhaps\n',
      [/^2: inputs: must be a JSON object/, /^2: critical: must be true or false/],
    ],
    ['a missing id', 'id,inputs.q\n,b\n', [/^2: id: is missing/]],
    ['an open quote', 'id,inputs.q\na,"b\n', [/is not valid CSV/]],
    ['only a header', 'id,inputs.q\n', [/^1: -: the dataset has no examples/]],
  ])('reports %s', async (_what, text, expected) => {
    expect(await issues(text, 'csv')).toEqual(
      expected.map((pattern) => expect.stringMatching(pattern) as string),
    );
  });

  it('takes a column __proto__ for data', async () => {
    const dataset = await loadDataset(file('id,inputs.__proto__.polluted\na,yes\n', 'csv'));
    expect(JSON.stringify(dataset.examples[0]!.inputs)).toBe('{"__proto__":{"polluted":"yes"}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('reading any format', () => {
  it('says what is missing, unreadable or unknown', async () => {
    expect(await failure(join(folder, 'none.jsonl'))).toMatchObject({ code: 'DATASET_MISSING' });
    expect(await failure(join(folder, 'none.txt'))).toMatchObject({ code: 'DATASET_FORMAT' });
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(folder, 'folder.jsonl'));
    expect(await failure(join(folder, 'folder.jsonl'))).toMatchObject({ code: 'DATASET_UNREADABLE' });
    expect(await issues('\n\n')).toEqual(['1: -: the dataset has no examples']);
  });

  it('never throws anything but an error of ours, whatever the bytes', async () => {
    const extension = fc.constantFrom('jsonl', 'yaml', 'csv', 'json');
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc
        .array(
          fc.constantFrom('- ', 'id: ', 'a', '\n', '  ', 'inputs: {}', '"', ',', '{', '}', '[', '&x ', '*x'),
          { maxLength: 40 },
        )
        .map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(content, extension, async (bytes, ext) => {
        const { examples: valid, issues: found } = await validateDataset(file(bytes, ext));
        expect(valid > 0 || found.length > 0).toBe(true);
        for (const { line } of found) expect(line).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});

describe('content hash, fingerprint and splits', () => {
  const base: Example = { id: 'a', inputs: { x: 1, y: 2 }, outputs: { z: 3 } };

  it('changes with what is asked and expected and with nothing else', () => {
    const hash = contentHash(base);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    const same: Example[] = [
      { ...base, inputs: { y: 2, x: 1 } },
      { ...base, id: 'b', split: 'smoke', metadata: { m: 1 } },
      { ...base, critical: false },
    ];
    for (const each of same) expect(contentHash(each)).toBe(hash);
    const others: Example[] = [
      { ...base, critical: true },
      { ...base, inputs: { x: 1 } },
      { ...base, outputs: {} },
      { id: 'a', inputs: base.inputs },
    ];
    for (const each of others) expect(contentHash(each)).not.toBe(hash);
  });

  it('is the same for any order of examples and another for other ids', () => {
    const b: Example = { id: 'b', inputs: {} };
    expect(datasetFingerprint([base, b])).toBe(datasetFingerprint([b, base]));
    expect(datasetFingerprint([base, b])).not.toBe(datasetFingerprint([base, { ...b, id: 'c' }]));
    expect(datasetFingerprint([base])).not.toBe(datasetFingerprint([base, b]));
  });

  it('selects a split in order and lists the splits for an unknown one', () => {
    const all: Example[] = [
      { ...base, split: ['smoke', 'full'] },
      { id: 'b', inputs: {}, split: 'full' },
      { id: 'c', inputs: {} },
    ];
    expect(selectSplit(all)).toBe(all);
    expect(selectSplit(all, 'full').map(({ id }) => id)).toEqual(['a', 'b']);
    expect(() => selectSplit(all, 'nightly')).toThrow(
      expect.objectContaining({ code: 'SPLIT_UNKNOWN', hint: 'Its splits: smoke (1), full (2).' }),
    );
    expect(() => selectSplit([base], 'x')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('leave --split out') as string }),
    );
  });
});

/** Without `__proto__` in the way of comparisons, and with fields in one order. */
function sorted(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
