import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvalProject, evalProject } from '../../../test/support/eval-project.ts';
import { evalCommand } from './eval.ts';

const BIN = fileURLToPath(new URL('../bin.ts', import.meta.url));

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalCommand]);
});
afterEach(() => project[Symbol.asyncDispose]());

/** `sluice eval --watch` as a process, with what it has printed. */
function startWatch(...flags: string[]) {
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), BIN, 'eval', '--watch', ...flags],
    { cwd: project.path, env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  let onText = () => {};
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      onText();
    });
  const ended = once(child, 'close').then(([exitCode]) => exitCode);
  return {
    ended,
    said: () => said,
    stop: () => child.kill('SIGINT'),
    /** Resolves when the text was printed so many times. */
    async prints(text: string, times = 1) {
      while (said.split(text).length <= times) {
        await new Promise<void>((resolve, reject) => {
          onText = resolve;
          ended.then((exitCode) => reject(new Error(`ended with ${exitCode}: ${said}`)), reject);
        });
      }
    },
  };
}

describe('--watch', () => {
  it('runs again on a change, says what got worse and better, and ends with Ctrl-C and 0', async () => {
    const watch = startWatch();
    try {
      await watch.prints('Watching 2 files');
      expect(watch.said()).toContain('Not gated: support, 40 examples');
      expect(watch.said()).not.toContain('Against the run before');

      project.reply = (id) => (id === 'e3' || id === 'e5' ? { answer: 'I do not know.' } : {});
      const dataset = await readFile(join(project.path, 'golden.jsonl'), 'utf8');
      await writeFile(join(project.path, 'golden.jsonl'), `${dataset}\n`);
      await watch.prints('Watching 2 files', 2);
      expect(watch.said()).toContain('Changed: golden.jsonl');
      expect(watch.said()).toContain('Against the run before: 2 scores worse, 0 scores better.');
      expect(watch.said()).toMatch(/worse {2}e3 has_resolution 1\.00 -> 0\.00/);
      expect(watch.said()).toMatch(/has_resolution 1\.00 -> 0\.95 \(-5\.0%\)/);

      project.reply = () => ({});
      await project.configure({ concurrency: 8 });
      await watch.prints('Watching 2 files', 3);
      expect(watch.said()).toContain('Changed: sluice.config.json');
      expect(watch.said()).toContain('0 scores worse, 2 scores better.');
    } finally {
      watch.stop();
    }
    expect(await watch.ended).toBe(0);
  });

  it('watches on after a configuration that cannot be run, until it is mended', async () => {
    const watch = startWatch();
    try {
      await watch.prints('Watching 2 files');
      await writeFile(join(project.path, 'sluice.config.json'), '{ "suites": [');
      await watch.prints('Watching 2 files', 2);
      expect(watch.said()).toContain('not valid JSON');
      await project.configure();
      await watch.prints('Watching 2 files', 3);
      expect(watch.said().split('Not gated: support').length).toBe(3);
    } finally {
      watch.stop();
    }
    expect(await watch.ended).toBe(0);
  });

  it('starts over when something changes during a run', async () => {
    project.reply = (id) => (id === 'e20' ? { delayMs: 60_000 } : {});
    const asked = new Promise<void>((resolve) => {
      project.onAsked = (total) => {
        if (total >= 30) resolve();
      };
    });
    const watch = startWatch();
    try {
      await asked;
      project.reply = () => ({});
      await project.configure({ concurrency: 2 });
      await watch.prints('Watching 2 files');
      expect(watch.said()).toContain('Changed: sluice.config.json');
      expect(watch.said().split('Not gated: support').length).toBe(2);
    } finally {
      watch.stop();
    }
    expect(await watch.ended).toBe(0);
  });

  it('is refused in CI and with flags that it has no use for', async () => {
    const inCi = await project.sluice(['eval', '--watch'], { env: { CI: 'true' } });
    expect([inCi.exitCode, inCi.err]).toEqual([2, expect.stringContaining('for local work')]);
    for (const flags of [['--json'], ['--shard', '1/2'], ['--calibrate', '3']])
      expect((await project.sluice(['eval', '--watch', ...flags])).exitCode).toBe(2);
    expect(project.asked.size).toBe(0);
  });
});
