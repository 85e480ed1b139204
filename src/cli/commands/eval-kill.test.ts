import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EvalProject, evalProject, journaledCalls } from '../../../test/support/eval-project.ts';
import { seededRandom } from '../../core/index.ts';
import { resultsSchema } from '../../evals/reports/results.ts';
import { baselineAccept } from './baseline-accept.ts';
import { evalCommand } from './eval.ts';

const BIN = fileURLToPath(new URL('../bin.ts', import.meta.url));
const KILLS = 20;
const EXAMPLES = 60;
const CONCURRENCY = 4;
const ids = Array.from({ length: EXAMPLES }, (_, index) => `e${index}`);

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalCommand, baselineAccept]);
});
afterEach(() => project[Symbol.asyncDispose]());

function start() {
  const args = ['--import', import.meta.resolve('tsx'), BIN, 'eval', '--json'];
  const child = spawn(process.execPath, [...args, '--concurrency', String(CONCURRENCY)], {
    cwd: project.path,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode, out }));
  return { child, ended };
}

async function journaled(): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  // The run whose folder has no results is the one under way.
  const folder = (await project.runs()).findLast((each) => !existsSync(join(each, 'results.json')));
  if (folder === undefined || !existsSync(join(folder, 'journal.jsonl'))) return counts;
  for (const { exampleId } of await journaledCalls(folder))
    counts.set(exampleId, (counts.get(exampleId) ?? 0) + 1);
  return counts;
}

const total = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/**
 * Killed at moments that are drawn from a seed: after so many calls of the session and some milliseconds, or some time after
 * the start, before there is a call. The agent is worse than its baseline by what could be chance, so that the kills fall
 * into extra rounds, too.
 */
it(`killed ${KILLS} times, a run loses no finished example and repeats none, in extra rounds neither`, async () => {
  await project.dataset(ids.map((id) => ({ id, inputs: { id } })));
  const isFlaky = (id: string) => Number(id.slice(1)) % 4 === 0;
  project.reply = (id, count) => (isFlaky(id) && count === 2 ? { answer: 'I do not know.' } : {});
  await project.sluice(['eval', '--no-gate', '--repeats', '5', '--concurrency', '16']);
  await project.sluice(['baseline', 'accept']);
  project.asked.clear();
  const worse = new Set(ids.filter(isFlaky).slice(0, 7));
  project.reply = (id) => ({ delayMs: 3, ...(worse.has(id) ? { answer: 'I do not know.' } : {}) });

  const random = seededRandom(20);
  let wasted = 0;
  let before = await journaled();
  // On a busy machine a session comes less far before it is killed: then it takes some more to reach the extra rounds.
  for (let kill = 0; kill < KILLS || (total(before) <= EXAMPLES && kill < 3 * KILLS); kill += 1) {
    const askedBefore = new Map(project.asked);
    const session = start();
    const [calls, delayMs] = [1 + Math.floor(random() * 12), random() * 6];
    const isEarly = random() < 0.15;
    const moment = isEarly
      ? sleep(random() * 300)
      : new Promise<void>((resolve) => {
          project.onAsked = (asked) => {
            if (asked - total(askedBefore) >= calls) resolve();
          };
        }).then(() => sleep(delayMs));
    await Promise.race([moment, session.ended]);
    session.child.kill('SIGKILL');
    await session.ended;
    project.onAsked = () => {};
    // What has reached the agent's socket by then may still be counted.
    await sleep(5);
    const after = await journaled();
    let lost = 0;
    for (const id of ids) {
      const asked = (project.asked.get(id) ?? 0) - (askedBefore.get(id) ?? 0);
      const finished = (after.get(id) ?? 0) - (before.get(id) ?? 0);
      expect(finished).toBeGreaterThanOrEqual(0);
      // A call that was under way may be made again; a finished one is not.
      expect(asked - finished).toBeGreaterThanOrEqual(0);
      lost += asked - finished;
    }
    expect(lost).toBeLessThanOrEqual(CONCURRENCY);
    wasted += lost;
    before = after;
  }

  const finished = total(before);
  expect(finished).toBeGreaterThan(EXAMPLES);
  const { exitCode, out } = await start().ended;
  const { calls, verdict } = resultsSchema.parse(JSON.parse(out));
  expect(exitCode).toBe(1);
  expect(calls).toHaveLength(EXAMPLES * (1 + (verdict?.rounds.extra ?? 0)));
  const folder = (await project.runs()).at(-1) ?? '';
  const lines = (await journaledCalls(folder)).map(({ exampleId, repeat }) => `${exampleId} ${repeat}`);
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines).toHaveLength(calls.length);
  expect(total(project.asked) - lines.length).toBe(wasted);
});
