import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../core/index.ts';
import type { Output } from '../command.ts';
import { main } from '../main.ts';
import { datasetValidate } from './dataset-validate.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'sluice-validate-'));
  writeFileSync(
    join(cwd, 'good.jsonl'),
    '{"id":"a","inputs":{},"split":["smoke","full"],"critical":true}\n{"id":"b","inputs":{},"split":"full"}\n',
  );
  writeFileSync(
    join(cwd, 'bad.jsonl'),
    '{"id":"a","inputs":{}}\n{"id":"a","inputs":{},"x\\u001b[31m\\ny":1}\n',
  );
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function sluice(...argv: string[]) {
  const printed = { stdout: '', stderr: '' };
  const output = (stream: 'stdout' | 'stderr'): Output => ({
    write: (text) => {
      printed[stream] += text;
    },
    isTerminal: false,
    columns: 80,
    color: false,
  });
  const context = {
    env: {},
    cwd,
    stdout: output('stdout'),
    stderr: output('stderr'),
    clock: systemClock(),
    logger: silentLogger,
    signal: new AbortController().signal,
    program: [],
  };
  const exitCode = await main(['dataset', 'validate', ...argv], [datasetValidate], context, '1.0.0');
  return { exitCode, ...printed };
}

it('sums up a valid dataset', async () => {
  expect(await sluice('good.jsonl')).toEqual({
    exitCode: 0,
    stdout: '2 examples, splits: smoke (1), full (2), critical: 1\n',
    stderr: '',
  });
});

it('prints every mistake on a line of its own and ends with 2', async () => {
  const { exitCode, stdout } = await sluice('bad.jsonl');
  expect(exitCode).toBe(2);
  const printed = stdout.trimEnd().split('\n');
  expect(printed).toHaveLength(3);
  expect(printed).toContain('bad.jsonl:2: id: "a" is the id of the example in line 1 too');
  expect(printed.at(-1)).toBe('2 mistakes; 1 valid example');
  expect(stdout).not.toContain('\u001b');
});

it('prints JSON', async () => {
  const { exitCode, stdout } = await sluice('bad.jsonl', '--json');
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    file: 'bad.jsonl',
    examples: 1,
    issues: [
      { file: 'bad.jsonl', line: 2 },
      { line: 2, field: 'id' },
    ],
  });
  expect(JSON.parse((await sluice('good.jsonl', '--json')).stdout)).toEqual({
    file: 'good.jsonl',
    examples: 2,
    splits: { smoke: 1, full: 2 },
    critical: 1,
    issues: [],
  });
});

it('says which file is missing and has an example in its help', async () => {
  expect(await sluice('none.jsonl')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('There is no dataset none.jsonl') as string,
  });
  expect((await sluice('--help')).stdout).toContain('sluice dataset validate datasets/support.jsonl');
});
