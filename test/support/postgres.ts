import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { describe } from 'vitest';

/** A Postgres of the test's own. */
export interface PrivatePostgres extends AsyncDisposable {
  readonly password: string;
  /** Makes an empty database and returns the URL of its owner. */
  createDatabase(name: string): Promise<string>;
  /** Runs statements in a database, as its owner. */
  query(url: string, sql: string): Promise<readonly Record<string, unknown>[]>;
}

/** `describe` where Postgres is installed; in CI always, so that its absence fails. */
export const describePostgres = describe.skipIf(!process.env['CI'] && binaries() === undefined);

/** Starts a cluster in a temporary folder on a free loopback port. It is stopped and removed with its scope. */
export async function startPostgres(): Promise<PrivatePostgres> {
  const bin = binaries();
  if (bin === undefined) {
    throw new Error(
      'PostgreSQL is not installed: apt-get install postgresql, or put its bin folder on the PATH.',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-'));
  const owner = unprivileged();
  const password = randomBytes(12).toString('hex');
  const run = async (command: string, args: readonly string[]) => {
    const child = spawn(join(bin, command), args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...owner,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output += String(text);
      });
    }
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`);
  };
  const data = join(folder, 'data');
  await writeFile(join(folder, 'password'), password);
  if (owner !== undefined) {
    await chown(folder, owner.uid, owner.gid);
    await chown(join(folder, 'password'), owner.uid, owner.gid);
  }
  await run('initdb', [
    '-D',
    data,
    '-U',
    'owner',
    '--auth=scram-sha-256',
    '--pwfile=password',
    '--no-sync',
    '-E',
    'UTF8',
  ]);
  const port = await freePort();
  const settings = ['-h 127.0.0.1', `-p ${port}`, `-k ${folder}`, '-c fsync=off', '-c autovacuum=off'].join(
    ' ',
  );
  await run('pg_ctl', ['-D', data, '-w', '-s', '-l', join(folder, 'log'), '-o', settings, 'start']);
  const urlOf = (name: string) => `postgres://owner:${password}@127.0.0.1:${port}/${name}`;
  const query = async (url: string, sql: string) => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      const results = await client.query<Record<string, unknown>>(sql);
      return [results].flat().at(-1)?.rows ?? [];
    } finally {
      await client.end();
    }
  };
  return {
    password,
    query,
    async createDatabase(name) {
      await query(urlOf('postgres'), `CREATE DATABASE "${name}"`);
      return urlOf(name);
    },
    async [Symbol.asyncDispose]() {
      await run('pg_ctl', ['-D', data, '-m', 'immediate', '-s', 'stop']);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The folder with initdb, pg_ctl and postgres: on the PATH, or where Debian puts it. */
function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  return folders.find((folder) =>
    ['initdb', 'pg_ctl', 'postgres'].every((name) => existsSync(join(folder, name))),
  );
}

/** Postgres refuses to run as root: then it runs as the user its package made, or as nobody. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined)
    throw new Error('Postgres cannot run as root, and there is no user postgres or nobody.');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}
