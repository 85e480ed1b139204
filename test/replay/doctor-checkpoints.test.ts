import { join } from 'node:path';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { doctor } from '../../src/cli/commands/doctor.ts';
import { main } from '../../src/cli/main.ts';
import { systemClock } from '../../src/core/index.ts';
import { postgresFacts } from '../../src/replay/fork/doctor/postgres-facts.ts';
import { type CheckpointReport, doctorCheckpoints } from '../../src/replay/fork/index.ts';
import { openPostgresSession } from '../../src/replay/fork/postgres-session.ts';
import { TABLES_SUM } from '../support/checkpoint-tables.ts';
import { fakeContext } from '../support/fake-context.ts';
import { line, recordRun } from '../support/forked-graphs.ts';
import { describePostgres, type PrivatePostgres, startPostgres } from '../support/postgres.ts';
import { sqliteSaver } from '../support/sqlite-shim.ts';
import { tempDir } from '../support/temp-dir.ts';

const HOUR_MS = 3_600_000;
const inAnHour = () => ({ clock: { ...systemClock(), now: () => Date.now() + HOUR_MS } });

const statuses = ({ findings }: CheckpointReport) =>
  Object.fromEntries(findings.map(({ name, status }) => [name, status]));

let postgres: PrivatePostgres;
let databases = 0;

async function production() {
  databases += 1;
  const url = await postgres.createDatabase(`doctor_${databases}`);
  const checkpointer = PostgresSaver.fromConnString(url);
  await checkpointer.setup();
  onTestFinished(() => checkpointer.end());
  return { url, checkpointer };
}

/** A thread that ran through and was then resumed from its beginning. */
async function branch(checkpointer: PostgresSaver, threadId: string) {
  const graph = line({ checkpointer, mended: true });
  await graph.invoke({ topic: 'x' }, { configurable: { thread_id: threadId } });
  for await (const { config, next } of graph.getStateHistory({ configurable: { thread_id: threadId } })) {
    if (next[0] === 'find') await graph.invoke(null, config);
  }
}

describePostgres('doctorCheckpoints on Postgres', () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.[Symbol.asyncDispose]());

  it('finds nothing wrong with threads of a sound agent, and changes nothing', async () => {
    const { url, checkpointer } = await production();
    expect(statuses(await doctorCheckpoints(url))).toEqual({
      'damaged-threads': 'ok',
      'orphaned-writes': 'ok',
      'orphaned-values': 'ok',
      indexes: 'ok',
      growth: 'ok',
    });
    for (const threadId of ['a', 'b', 'c']) await recordRun(line({ checkpointer }), undefined, { threadId });
    const before = await postgres.query(url, TABLES_SUM);
    const report = await doctorCheckpoints(url, inAnHour());
    expect(new Set(Object.values(statuses(report)))).toEqual(new Set(['ok']));
    expect(report).toMatchObject({ kind: 'postgres', threads: 3, isSample: false, damagedThreads: [] });
    expect(report.tables.find(({ name }) => name === 'checkpoints')).toMatchObject({ rows: 9, exact: true });
    expect(report.growth?.checkpointsPerDay).toBe(9);
    expect(report.retention.map(({ days, bytes }) => bytes / (report.totalBytes * days))).toEqual([1, 1, 1]);
    expect(await postgres.query(url, TABLES_SUM)).toEqual(before);
  });

  it('names the threads that a version collision has damaged, and no others', async () => {
    const { url, checkpointer } = await production();
    await recordRun(line({ checkpointer }), undefined, { threadId: 'sound' });
    await branch(checkpointer, 'damaged');
    const report = await doctorCheckpoints(url);
    expect(statuses(report)['damaged-threads']).toBe('fail');
    expect(report.damagedThreads).toMatchObject([
      { threadId: 'damaged', isHeadDamaged: true, channels: expect.arrayContaining(['log']) },
    ]);
    expect(report.findings[0]).toMatchObject({
      says: '1 of 2 threads can hold values of another branch (langchain-ai/langgraphjs issue 1812); 1 of them would go on from wrong values.',
      hint: expect.stringContaining('getNextVersion'),
    });
  });

  it('finds no collision where versions are random text, which is the way out it names', async () => {
    const { url, checkpointer } = await production();
    let seed = 0;
    const next = (current?: string) => {
      seed += 1;
      return `${String(Number.parseInt(current ?? '0', 10) + 1).padStart(32, '0')}.${seed}`;
    };
    Object.assign(checkpointer, { getNextVersion: next });
    await branch(checkpointer, 'branched');
    expect((await doctorCheckpoints(url)).damagedThreads).toEqual([]);
  });

  it('counts what belongs to no checkpoint, but not what a run has just written', async () => {
    const { url, checkpointer } = await production();
    for (const threadId of ['kept', 'cut']) await recordRun(line({ checkpointer }), undefined, { threadId });
    await postgres.query(url, "DELETE FROM checkpoints WHERE thread_id = 'cut'");
    const [left] = await postgres.query(
      url,
      `SELECT (SELECT count(*)::int FROM checkpoint_writes WHERE thread_id = 'cut') AS writes,
              (SELECT count(*)::int FROM checkpoint_blobs WHERE thread_id = 'cut') AS blobs`,
    );
    expect(statuses(await doctorCheckpoints(url))['orphaned-writes']).toBe('ok');
    const report = await doctorCheckpoints(url, inAnHour());
    expect(report.findings.filter(({ name }) => name.startsWith('orphaned'))).toMatchObject([
      {
        status: 'warn',
        says: expect.stringMatching(`^${left?.['writes']} writes of tasks \\(.*in 2 threads`),
      },
      { status: 'warn', says: expect.stringMatching(`^${left?.['blobs']} values of channels`) },
    ]);
  });

  it('misses a primary key', async () => {
    const { url } = await production();
    await postgres.query(url, 'ALTER TABLE checkpoint_writes DROP CONSTRAINT checkpoint_writes_pkey');
    const report = await doctorCheckpoints(url);
    expect(report.findings.find(({ name }) => name === 'indexes')).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(/^checkpoint_writes has no primary key/),
      hint: 'ALTER TABLE checkpoint_writes ADD PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)',
    });
    await postgres.query(url, `${report.findings.find(({ name }) => name === 'indexes')?.hint}`);
    expect(statuses(await doctorCheckpoints(url))['indexes']).toBe('ok');
  });

  it('is a command: exit code 1 for damage, 0 for what only costs space, and no password in what it prints', async () => {
    const { url, checkpointer } = await production();
    await recordRun(line({ checkpointer }), undefined, { threadId: 'cut' });
    await postgres.query(url, 'DELETE FROM checkpoints');
    const sound = await sluice('--checkpoints', url);
    expect(sound.exitCode).toBe(0);
    expect(sound.out).toMatch(/\nwarn {5}orphaned-writes +5 writes of tasks/);
    await branch(checkpointer, 'a\u001b[2Jb');
    const damaged = await sluice('--checkpoints', url);
    expect(damaged.exitCode).toBe(1);
    expect(damaged.out).toMatch(/\nfail {5}damaged-threads +1 of 2 threads/);
    expect(damaged.out).toMatch(/\n {2}thread a\\u001b\[2Jb: .*log.* in \d checkpoints, also the newest\n/);
    expect(damaged.out).toMatch(/\nTo keep checkpoints would take: 7 days /);
    const json = await sluice('--checkpoints', url, '--json');
    expect(JSON.parse(json.out)).toMatchObject({
      schemaVersion: 1,
      damagedThreads: [{ threadId: 'a\u001b[2Jb' }],
    });
    expect(`${sound.out}${damaged.out}${json.out}`).not.toContain(postgres.password);
    const nowhere = await sluice('--checkpoints', url.replace(/:\d+\//, ':1/'), '--timeout', '5s');
    expect([nowhere.exitCode, nowhere.err]).toEqual([3, expect.stringContaining('cannot be reached')]);
    expect(nowhere.err).not.toContain(postgres.password);
  });

  it('samples large tables, asks for an index by age there, and skips what takes too long', async () => {
    const { url, checkpointer } = await production();
    await recordRun(line({ checkpointer }));
    await postgres.query(
      url,
      `INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint, metadata)
       SELECT 'many-' || n / 5, '', '1f1e6df8-' || to_char(n % 5, 'FM0000') || '-6000-8000-000000000000', '{"v":4,"channel_versions":{}}', '{}'
       FROM generate_series(1, 20000) n; ANALYZE checkpoints`,
    );
    await using session = await openPostgresSession(new URL(url), { timeoutMs: 5_000 });
    const scope = {
      kind: 'postgres',
      place: url,
      schema: 'public',
      nowMs: Date.now(),
      sampleAboveRows: 1_000,
    } as const;
    const facts = await postgresFacts(session, scope);
    expect(facts.isSample).toBe(true);
    expect(facts.threads).toBeLessThan(1_500);
    expect(facts.indexGaps).toEqual([{ table: 'checkpoints', columns: ['checkpoint_id'], kind: 'by-age' }]);
    const counted = facts.buckets === 'skipped' ? [] : facts.buckets;
    expect(counted.reduce((sum, { checkpoints }) => sum + checkpoints, 0)).toBeCloseTo(20_003, -2);
    await session.rows('SET LOCAL statement_timeout = 300');
    const slow: typeof session.rows = (sql, parameters) =>
      sql.includes('= b.version') ? session.rows('SELECT pg_sleep(1)') : session.rows(sql, parameters);
    expect((await postgresFacts({ rows: slow }, scope)).orphanedValues).toBe('skipped');
  });
});

async function sluice(...argv: string[]) {
  const context = fakeContext({ cwd: '/', nowMs: Date.now() + HOUR_MS });
  const exitCode = await main(['doctor', ...argv], [doctor], context, '0.0.0');
  return { exitCode, out: context.stdout.text, err: context.stderr.text };
}

describe('doctorCheckpoints on SQLite', () => {
  it('counts threads, growth and orphans of a file', async () => {
    await using dir = await tempDir();
    const path = join(dir.path, 'threads.db');
    const { saver, close } = sqliteSaver(path);
    for (const threadId of ['a', 'b'])
      await recordRun(line({ checkpointer: saver }), undefined, { threadId });
    saver.db.prepare("DELETE FROM checkpoints WHERE thread_id = 'b'").run();
    const report = await doctorCheckpoints(path, inAnHour());
    expect(statuses(report)).toEqual({
      'damaged-threads': 'ok',
      'orphaned-writes': 'warn',
      indexes: 'ok',
      growth: 'ok',
    });
    expect(report).toMatchObject({ kind: 'sqlite', threads: 2, growth: { checkpointsPerDay: 3 } });
    close();
  });
});

describe('doctorCheckpoints elsewhere', () => {
  it.each([
    [['--checkpoints', 'mysql://root@db/x'], 'it has the scheme mysql:'],
    [['--checkpoints', 'sqlite:none.db'], 'sqlite:/none.db does not exist'],
    [['--checkpoints', 'x.db', '--hide-inputs'], '--hide-inputs goes with --leaks.'],
    [['--checkpoints', 'x.db', '--leaks', './a.ts#g'], '--leaks and --checkpoints are two checks.'],
  ])('refuses %j in one line', async (argv, message) => {
    const { exitCode, err } = await sluice(...argv);
    expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).not.toContain('    at ');
  });

  it('asks for the database of a LangGraph server', async () => {
    await expect(doctorCheckpoints('http://127.0.0.1:2024')).rejects.toMatchObject({
      code: 'DOCTOR_CHECKPOINTS_SERVER',
      exitCode: 2,
    });
  });
});
