// The demos as they are typed. They need the build that `npm test` makes.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp-dir.ts';

const DEMO = fileURLToPath(new URL('demo.ts', import.meta.url));

async function demo(
  args: readonly string[],
  home: string,
): Promise<{ exitCode: number | null; out: string; err: string }> {
  const { OPENAI_API_KEY: _key, ...env } = process.env;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', DEMO, ...args], {
    env: { ...env, SLUICE_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const exitCode = await new Promise<number | null>((done) => child.on('close', done));
  return { exitCode, out, err };
}

describe('the demo of a flaky agent', () => {
  test('shows noise that passes after extra rounds, and an unconfirmed and a confirmed failure', async () => {
    await using dir = await tempDir();
    const { exitCode, out, err } = await demo(['--flaky'], dir.path);
    expect({ exitCode, err: exitCode === 0 ? '' : err }).toEqual({ exitCode: 0, err: '' });
    const [, ...acts] = out.split('\n== ');
    expect(acts.map((act) => /^(PASS|FAIL)( \([a-z]+\))?(?= {2}support-agent)/m.exec(act)?.[0])).toEqual([
      'PASS (weak)',
      'FAIL (unconfirmed)',
      'FAIL (confirmed)',
      undefined,
    ]);
    expect(err).toContain('breaches its limit, which may be chance');
    expect(acts[0]).toContain('4 extra rounds');
    expect(acts[1]).toContain('4 extra rounds');
    expect(acts[2]).not.toContain('extra round');
  });
});

test.each([
  [['--regressed', '--flaky'], 'cannot be given together'],
  [['--flakey'], "Unknown option '--flakey'"],
  [['now'], "Unexpected argument 'now'"],
])('the demo refuses %j in one line', async (args, said) => {
  await using dir = await tempDir();
  const { exitCode, err } = await demo(args, dir.path);
  expect(exitCode).toBe(2);
  expect(err).toContain(said);
  expect(err.trim().split('\n')).toHaveLength(1);
});
