import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrorCode, spoolFolder } from '../../core/index.ts';
import { Cursors } from './cursors.ts';
import { LaneFolder } from './lane-folder.ts';
import { Segment } from './segment.ts';

/**
 * How many traces in the spool of a home wait for an exporter: of processes that have ended before they had delivered them,
 * and of living ones. Takes nothing over and changes nothing.
 *
 * @throws system errors.
 */
export async function waitingTraces(home: string, exporter: string): Promise<number> {
  const parent = spoolFolder(home);
  const counts = (await namesIn(parent)).map((name) => waitingInLane(join(parent, name), exporter));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function waitingInLane(path: string, exporter: string): Promise<number> {
  const passed = (Cursors.read(LaneFolder.cursorsPathIn(path)) ?? Cursors.starting([exporter])).get(exporter);
  // The lane is for other exporters.
  if (passed === undefined) return 0;
  let waiting = 0;
  for (const name of await namesIn(path)) {
    if (!LaneFolder.isSegment(name)) continue;
    const { segment } = await loaded(join(path, name));
    waiting += segment?.entries.filter(({ sequence }) => sequence > passed).length ?? 0;
  }
  return waiting;
}

/** A living process removes what it has delivered. */
async function loaded(path: string): Promise<{ readonly segment?: Segment }> {
  try {
    return await Segment.load(path);
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return {};
    throw thrown;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  try {
    return await readdir(folder);
  } catch (thrown) {
    // Removed since, or a file that somebody has put here.
    if (hasErrorCode(thrown, 'ENOENT') || hasErrorCode(thrown, 'ENOTDIR')) return [];
    throw thrown;
  }
}
