import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damagedChannels, type VersionedCheckpoint, versionCollisions } from './version-collisions.ts';

const at = (
  id: string,
  parentId: string | undefined,
  versions: Record<string, number | string>,
  namespace = '',
): VersionedCheckpoint => ({ id, parentId, versions, namespace });

/** One branch: each checkpoint is made from the one before and counts some of its channels up. */
const line = fc
  .array(fc.subarray(['log', 'topic', 'branch:to:a']), { minLength: 1, maxLength: 12 })
  .map((steps) => {
    const checkpoints: VersionedCheckpoint[] = [];
    let versions: Record<string, number> = {};
    for (const [index, written] of steps.entries()) {
      const next = Math.max(0, ...Object.values(versions)) + 1;
      versions = { ...versions, ...Object.fromEntries(written.map((channel) => [channel, next])) };
      const parent = index === 0 ? undefined : String(index - 1).padStart(3, '0');
      checkpoints.push(at(String(index).padStart(3, '0'), parent, versions));
    }
    return checkpoints;
  });

describe('versionCollisions', () => {
  it('finds none on a thread without branches, however its history was pruned', () => {
    fc.assert(
      fc.property(line, fc.nat(), (checkpoints, seed) => {
        expect(versionCollisions(checkpoints)).toEqual([]);
        expect(versionCollisions(checkpoints.slice(seed % checkpoints.length))).toEqual([]);
        expect(versionCollisions(checkpoints.filter((_, index) => index % 2 === seed % 2))).toEqual([]);
      }),
      { seed: 5 },
    );
  });

  it('finds one for each channel that two branches write, and damages the later branch alone', () => {
    fc.assert(
      fc.property(line, fc.nat(), (checkpoints, seed) => {
        const from = checkpoints[seed % checkpoints.length]!;
        const next = Math.max(0, ...Object.values(from.versions).map(Number)) + 1;
        const wrote = { ...from.versions, log: next };
        const thread = [...checkpoints, at('800', from.id, wrote), at('900', from.id, wrote)];
        const damaged = damagedChannels(thread, { id: '900', namespace: '' });
        expect(damaged).toEqual(['log']);
        expect(damagedChannels(thread, { id: checkpoints.at(-1)!.id, namespace: '' })).toEqual([]);
        expect(versionCollisions(thread).find(({ version }) => version === String(next))?.writers).toContain(
          '900',
        );
      }),
      { seed: 5 },
    );
  });

  it('follows a value to the ancestor that wrote it', () => {
    const thread = [
      at('1', undefined, { log: 1 }),
      at('2', '1', { log: 2, topic: 2 }),
      at('3', '1', { log: 2 }),
      at('4', '3', { log: 2, topic: 3 }),
      at('5', '4', { log: 4, topic: 3 }),
    ];
    expect(versionCollisions(thread)).toEqual([
      { namespace: '', channel: 'log', version: '2', writers: ['2', '3'] },
    ]);
    expect(damagedChannels(thread, { id: '4', namespace: '' })).toEqual(['log']);
    expect(damagedChannels(thread, { id: '5', namespace: '' })).toEqual([]);
    expect(damagedChannels(thread, { id: '2', namespace: '' })).toEqual([]);
  });

  it('takes namespaces apart, and text for the versions that it is', () => {
    expect(
      versionCollisions([at('1', undefined, { log: 1 }), at('2', undefined, { log: 1 }, 'sub')]),
    ).toEqual([]);
    expect(
      versionCollisions([at('1', undefined, { log: '1.5' }), at('2', undefined, { log: '1.7' })]),
    ).toEqual([]);
  });

  it('counts a trigger as a collision, and leaves it to the fork whether a node is next', () => {
    const thread = [
      at('1', undefined, {}),
      at('2', '1', { 'branch:to:a': 1 }),
      at('3', '1', { 'branch:to:a': 1 }),
    ];
    expect(versionCollisions(thread)).toHaveLength(1);
    expect(damagedChannels(thread, { id: '3', namespace: '' })).toEqual([]);
  });
});
