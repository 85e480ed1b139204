import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { makeTrace, runId } from '../../../test/support/traces.ts';
import { DeadLetters } from './index.ts';

const clock = { now: () => 7 };
const trace = makeTrace({ id: runId(1) });

describe('DeadLetters', () => {
  it('adds a line to the file of the exporter, and takes no more when that is full', async () => {
    await using dir = await tempDir();
    const letters = new DeadLetters({ folder: `${dir.path}/dead`, maxBytes: 2_000, clock });
    const added = Array.from({ length: 20 }, () => letters.add('langsmith', 'HTTP 400', { trace }));
    expect(added.indexOf(false)).toBeGreaterThan(1);
    expect(letters.add('other', 'not JSON', { text: '{' })).toBe(true);
    const path = `${dir.path}/dead/langsmith.jsonl`;
    expect(statSync(path).size).toBeLessThanOrEqual(2_000);
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(added.filter(Boolean).length);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      schemaVersion: 1,
      timeMs: 7,
      exporter: 'langsmith',
      reason: 'HTTP 400',
      trace,
    });
  });

  it('stays in its folder whatever an exporter is called', async () => {
    await using dir = await tempDir();
    const letters = new DeadLetters({ folder: `${dir.path}/dead`, maxBytes: 10_000, clock });
    letters.add('../../up/and/away', 'x', { trace });
    expect(readdirSync(`${dir.path}/dead`)).toEqual(['______up_and_away.jsonl']);
  });

  it('adds a letter again when its file is taken away between the opening and the write', async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/a.jsonl`;
    let takes = 2;
    const taking = {
      now: () => {
        takes -= 1;
        if (takes >= 0) renameSync(path, `${dir.path}/taken`);
        return 7;
      },
    };
    const letters = new DeadLetters({ folder: dir.path, maxBytes: 10_000, clock: taking });
    expect(letters.add('a', 'HTTP 400', { trace })).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ trace: { id: trace.id } });
    rmSync(`${dir.path}/taken`);
  });

  it('begins a line of its own where the one before was cut short', async () => {
    await using dir = await tempDir();
    const letters = new DeadLetters({ folder: dir.path, maxBytes: 10_000, clock });
    letters.add('a', 'x', { trace });
    appendFileSync(`${dir.path}/a.jsonl`, '{"schemaVersion":1,"ti');
    letters.add('a', 'y', { trace });
    const lines = readFileSync(`${dir.path}/a.jsonl`, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({ reason: 'y' });
  });
});
