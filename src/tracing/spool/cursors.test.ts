import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { Cursors } from './cursors.ts';

describe('Cursors', () => {
  it('are read back as they were written last', async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/cursors`;
    expect(Cursors.read(path)).toBeUndefined();
    const cursors = Cursors.starting(['a', 'b']);
    for (const sequence of [3, 10, 200]) {
      cursors.advance('a', sequence);
      cursors.advance('b', sequence - 1);
      cursors.write(path);
      const read = Cursors.read(path);
      expect([read?.get('a'), read?.get('b'), read?.get('c')]).toEqual([sequence, sequence - 1, undefined]);
      expect(read?.passedByAll).toBe(sequence - 1);
    }
    cursors.close();
  });

  it('go on from what was read, and never go back', async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/cursors`;
    for (const sequence of [5, 9, 4]) {
      const cursors = Cursors.read(path) ?? Cursors.starting(['a']);
      cursors.advance('a', sequence);
      cursors.write(path);
      cursors.close();
    }
    expect(Cursors.read(path)?.get('a')).toBe(9);
  });

  it('fall back to the write before, when the last one is damaged at any byte', async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/cursors`;
    const cursors = Cursors.starting(['a']);
    cursors.advance('a', 1);
    cursors.write(path);
    const before = readFileSync(path);
    cursors.advance('a', 2);
    cursors.write(path);
    cursors.close();
    const after = readFileSync(path);
    const size = Math.max(before.length, after.length);
    const changed = Array.from({ length: size }, (_, at) => at).filter((at) => before[at] !== after[at]);
    expect(changed.length).toBeGreaterThan(40);
    for (const cut of changed.slice(0, -1)) {
      const torn = Buffer.alloc(size);
      before.copy(torn);
      after.copy(torn, 0, 0, cut);
      before.copy(torn, cut, cut);
      writeFileSync(path, torn);
      expect(Cursors.read(path)?.get('a')).toBe(1);
    }
  });

  it('are not read from a file of another version', async () => {
    await using dir = await tempDir();
    writeFileSync(`${dir.path}/cursors`, '{"schemaVersion":2}');
    expect(Cursors.read(`${dir.path}/cursors`)).toBeUndefined();
  });
});
