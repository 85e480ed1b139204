import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { traceStoreContract } from '../../test/contract/trace-store.ts';
import { openTraceStore } from './index.ts';

let folder: string;
let opened = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

traceStoreContract('SqliteTraceStore', () =>
  openTraceStore({ path: join(folder, `${opened++}`, 'traces.db') }),
);
