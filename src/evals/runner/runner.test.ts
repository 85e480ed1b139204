import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, NoVerdictError, seededRandom, systemClock } from '../../core/index.ts';
import { contentHash, datasetFingerprint } from '../datasets/index.ts';
import type { Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { hasResolution, latency, noError } from '../evaluators/index.ts';
import type { Example } from '../example.ts';
import type { ExperimentHead } from '../experiment.ts';
import type { Target, TargetResult } from '../targets/index.ts';
import { backoffMs, MAX_BACKOFF_MS } from './backoff.ts';
import {
  acquireRunLock,
  findResumable,
  type RunExperimentOptions,
  type RunProgress,
  runExperiment,
} from './index.ts';

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sluice-runner-'));
  folder = join(home, 'runs', 'run-1');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Time that passes only while something sleeps. */
function fakeClock(): Clock & { readonly slept: number[] } {
  let now = Date.UTC(2026, 0, 1);
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

const examplesOf = (count: number): Example[] =>
  Array.from({ length: count }, (_, index) => ({ id: `e${index}`, inputs: { index } }));
const evaluators = [hasResolution(), noError(), latency()];

function headOf(examples: readonly Example[], more: Partial<ExperimentHead> = {}): ExperimentHead {
  return {
    schemaVersion: 2,
    runId: 'run-1',
    suite: 'demo',
    dataset: 'demo.jsonl',
    datasetFingerprint: datasetFingerprint(examples),
    target: 'fake:',
    repeats: 1,
    timeoutMs: 1_000,
    evaluators: evaluators.map(({ key, direction, range, gate, fingerprint }) => ({
      key,
      direction,
      range: [...range],
      gate,
      fingerprint,
    })),
    startedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

const answered = (answer = 'It was refunded.'): TargetResult => ({
  kind: 'answered',
  outputs: { answer },
  runId: 'r',
  latencyMs: 5,
});
const unavailable: TargetResult = { kind: 'unavailable', error: 'HTTP 503', latencyMs: 1 };

function fake(reply: (index: number, signal: AbortSignal) => TargetResult | Promise<TargetResult>) {
  const calls: number[] = [];
  const target: Target = {
    spec: 'fake:',
    async call(inputs, { signal }) {
      const index = Number(inputs['index']);
      calls.push(index);
      return reply(index, signal);
    },
    async close() {},
  };
  return { target, calls };
}

async function run(examples: readonly Example[], target: Target, more: Partial<RunExperimentOptions> = {}) {
  const experiment = await runExperiment({
    head: headOf(examples),
    examples,
    target,
    evaluators,
    runFolder: folder,
    clock: fakeClock(),
    random: seededRandom(1),
    signal: new AbortController().signal,
    ...more,
  });
  return { ...experiment, calls: [...experiment.calls] };
}

const journal = () => join(folder, 'journal.jsonl');
const lines = () => readFileSync(journal(), 'utf8').trimEnd().split('\n');

describe('runExperiment', () => {
  it('calls each example and repeat once, in order, and keeps the scores', async () => {
    const examples = examplesOf(3);
    const { target, calls } = fake((index) =>
      index === 1 ? { kind: 'agent_failed', error: 'HTTP 500', runId: 'r1', latencyMs: 3 } : answered(),
    );
    const head = headOf(examples, { repeats: 2 });
    const experiment = await run(examples, target, { head, concurrency: 1 });
    expect(calls).toEqual([0, 0, 1, 1, 2, 2]);
    expect(experiment.head).toEqual(head);
    expect(experiment.calls.map(({ exampleId, repeat }) => `${exampleId}/${repeat}`)).toEqual([
      ...['e0/0', 'e0/1', 'e1/0', 'e1/1', 'e2/0', 'e2/1'],
    ]);
    expect(experiment.calls[0]).toMatchObject({
      status: 'answered',
      runId: 'r',
      attempts: 1,
      scores: { has_resolution: { score: 1 }, no_error: { score: 1 }, latency: { score: 5 } },
    });
    expect(experiment.calls[2]).toMatchObject({
      status: 'agent_failed',
      error: 'HTTP 500',
      runId: 'r1',
      scores: { has_resolution: { score: 0 }, no_error: { score: 0 }, latency: { score: 1_000 } },
    });
    expect(experiment.calls[0]).not.toHaveProperty('outputs');
  });

  it('has a call in the journal before it reports it, readable by its owner alone', async () => {
    const examples = examplesOf(4);
    const reports: RunProgress[] = [];
    await run(examples, fake(() => answered('a\u2028b')).target, {
      onProgress: (progress) => {
        reports.push(progress);
        expect(lines()).toHaveLength(progress.done + 1);
      },
    });
    expect(reports.map(({ done }) => done)).toEqual([0, 1, 2, 3, 4]);
    expect(JSON.parse(lines()[1]!)).toMatchObject({ exampleId: 'e0', outputs: { answer: 'a\u2028b' } });
    expect(statSync(journal()).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, 'lock'))).toBe(false);
    await run(examples, fake(() => answered()).target, {
      onProgress: ({ resumed }) => expect(resumed).toBe(4),
    });
  });

  it('never has more calls under way than it may', async () => {
    let underWay = 0;
    let most = 0;
    const { target } = fake(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return answered();
    });
    await run(examplesOf(30), target, { concurrency: 7 });
    expect(most).toBe(7);
  });

  it('tries again only what is unavailable, waits longer each time, and as long as it is asked', async () => {
    const clock = fakeClock();
    const replies: TargetResult[] = [
      unavailable,
      { ...unavailable, retryAfterMs: 7_000 },
      unavailable,
      answered(),
    ];
    const experiment = await run(examplesOf(1), fake(() => replies.shift()!).target, {
      clock,
      random: () => 0.5,
    });
    expect(clock.slept).toEqual([250, 7_500, 1_000]);
    expect(experiment.calls[0]).toMatchObject({ status: 'answered', attempts: 4 });
    const failing = fake(() => ({ kind: 'agent_failed', error: 'HTTP 500', latencyMs: 1 }));
    await run(examplesOf(1), failing.target, { runFolder: join(home, 'other') });
    expect(failing.calls).toHaveLength(1);
  });

  it('records what stays unavailable as not measured, without a score, and makes it again next time', async () => {
    const examples = examplesOf(3);
    const first = await run(examples, fake((index) => (index === 1 ? unavailable : answered())).target, {
      maxRetries: 2,
    });
    expect(first.calls[1]).toMatchObject({
      status: 'not_measured',
      error: 'HTTP 503',
      attempts: 3,
      scores: {},
    });
    const { target, calls } = fake(() => answered());
    const second = await run(examples, target);
    expect(calls).toEqual([1]);
    expect(second.calls.map(({ status }) => status)).toEqual(['answered', 'answered', 'answered']);
  });

  it('ends quickly when nothing ever answers', async () => {
    const { target, calls } = fake(() => unavailable);
    await expect(run(examplesOf(100), target)).rejects.toMatchObject({
      code: 'TARGET_UNREACHABLE',
      exitCode: 3,
      message: expect.stringContaining('fake:') as string,
    });
    expect(calls.length).toBeLessThanOrEqual(9 * 4);
    await expect(
      run(examplesOf(2), fake(() => unavailable).target, { runFolder: join(home, 'small') }),
    ).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
  });

  it('stops when a target that has answered is gone for good, and goes on where it stopped', async () => {
    const examples = examplesOf(60);
    const { target, calls } = fake((index) => (index < 20 ? answered() : unavailable));
    await expect(run(examples, target, { concurrency: 2, maxRetries: 1 })).rejects.toMatchObject({
      code: 'TARGET_LOST',
      exitCode: 3,
      message: expect.stringMatching(
        /fake: .*20 of 60 calls of run run-1: 10 in a row .*HTTP 503\.$/,
      ) as string,
    });
    expect(calls.length).toBeLessThanOrEqual(20 + 2 * (10 + 1));
    const again = fake(() => answered());
    expect((await run(examples, again.target)).calls).toHaveLength(60);
    expect(again.calls.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, index) => 20 + index),
    );
  });

  it('waits out an outage that is over before every call under way has met it twice', async () => {
    const { target } = fake((index) => (index >= 30 && index < 60 ? unavailable : answered()));
    const { calls } = await run(examplesOf(80), target, { concurrency: 16, maxRetries: 0 });
    expect(calls.filter(({ status }) => status === 'not_measured')).toHaveLength(30);
  });

  it('ends without a verdict when a gated evaluator scores no answer, and says why once', async () => {
    const broken = (gate: boolean) => ({
      ...noError(),
      gate,
      evaluate: () => {
        throw new Error('no API key');
      },
    });
    const { target, calls } = fake((index) =>
      index === 0 ? { kind: 'agent_failed', error: 'x', latencyMs: 1 } : answered(),
    );
    const examples = examplesOf(15);
    await expect(
      run(examples, target, { evaluators: [hasResolution(), broken(true), latency()] }),
    ).rejects.toMatchObject({
      code: 'EVALUATOR_FAILED',
      exitCode: 3,
      message: 'An evaluator scored none of 14 answers. no_error: The evaluator threw: no API key.',
    });
    expect(calls).toHaveLength(15);
    const advisory = await run(examples, target, { evaluators: [hasResolution(), broken(false), latency()] });
    expect(advisory.calls[1]?.scores['no_error']).toMatchObject({ status: 'not_measured' });
    expect(calls).toHaveLength(15);
  });

  it('scores an answer again that an evaluator could not score, without calling the target', async () => {
    const examples = examplesOf(6);
    let isBroken = true;
    let asked = 0;
    const judge: Evaluator = {
      ...noError(),
      key: 'judge',
      fingerprint: 'judge@1',
      evaluate: ({ inputs, outputs }: EvaluatorArgs) => {
        asked += 1;
        if (isBroken && inputs['index'] !== 2) throw new Error('429');
        return { results: [{ key: 'tone', score: outputs['answer'] === 'It was refunded.' ? 1 : 0 }] };
      },
    };
    const all = [...evaluators, judge];
    const down = new NoVerdictError('TARGET_UNREACHABLE', 'down');
    const first = fake(() => answered());
    const before = await run(examples, first.target, { evaluators: all });
    expect(before.calls[0]?.scores['judge']).toMatchObject({ status: 'not_measured' });
    isBroken = false;
    asked = 0;
    const second = fake(() => unavailable);
    const reports: RunProgress[] = [];
    const after = await run(
      examples,
      { ...second.target, check: () => Promise.reject(down) },
      { evaluators: all, onProgress: (progress) => reports.push(progress) },
    );
    expect([second.calls, asked, reports[0]?.done]).toEqual([[], 5, 1]);
    for (const [index, call] of after.calls.entries()) {
      expect(call).toMatchObject({
        runId: 'r',
        startTimeMs: before.calls[index]?.startTimeMs,
        scores: { judge: { score: 1 }, 'judge.tone': { score: 1 }, latency: { score: 5 } },
      });
    }
    expect(lines()).toHaveLength(1 + 6 + 5);
    await run(examples, second.target, { evaluators: all });
    expect([second.calls, asked]).toEqual([[], 5]);
  });

  it('asks the target first whether it is there, and calls nothing when it is not', async () => {
    const { target, calls } = fake(() => answered());
    const down = new NoVerdictError('TARGET_UNREACHABLE', 'down');
    const check = () => Promise.reject(down);
    await expect(run(examplesOf(2), { ...target, check })).rejects.toBe(down);
    expect(calls).toEqual([]);
  });

  it('throws the reason when it is interrupted, journals nothing of what was under way, and can go on', async () => {
    const examples = examplesOf(10);
    const interruption = new AbortController();
    const reason = new Error('Stopped by SIGINT.');
    const { target } = fake((index, signal) => {
      if (index < 3) return answered();
      return new Promise((_resolve, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    const onProgress = ({ done }: RunProgress) => {
      if (done === 3) interruption.abort(reason);
    };
    await expect(
      run(examples, target, { concurrency: 2, signal: interruption.signal, onProgress }),
    ).rejects.toBe(reason);
    expect(lines()).toHaveLength(1 + 3);
    const again = fake(() => answered());
    expect((await run(examples, again.target)).calls).toHaveLength(10);
    expect(again.calls.toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  it('is not held up by an evaluator that hangs when it is interrupted', async () => {
    const interruption = new AbortController();
    const hanging = {
      ...noError(),
      evaluate: () => new Promise<never>(() => interruption.abort(new Error('x'))),
    };
    await expect(
      run(examplesOf(1), fake(() => answered()).target, {
        evaluators: [hanging],
        signal: interruption.signal,
      }),
    ).rejects.toThrow('x');
  });

  it('calls an edited example again', async () => {
    const examples = examplesOf(2);
    await run(examples, fake(() => answered()).target);
    const edited = [examples[0]!, { ...examples[1]!, outputs: { answer: 'new' } }];
    const { target, calls } = fake(() => answered());
    // The head says what is run; here only the content of an example is other than the journal's.
    await run(edited, target, { head: headOf(examples) });
    expect(calls).toEqual([1]);
  });

  it('refuses two evaluators of one key, no examples, and the journal of something else', async () => {
    const { target } = fake(() => answered());
    await expect(run([], target)).rejects.toMatchObject({ code: 'NO_EXAMPLES', exitCode: 3 });
    await expect(run(examplesOf(1), target, { evaluators: [noError(), noError()] })).rejects.toMatchObject({
      code: 'EVALUATOR_DUPLICATE',
    });
    await run(examplesOf(1), target);
    await expect(
      run(examplesOf(1), target, { head: headOf(examplesOf(1), { suite: 'other' }) }),
    ).rejects.toMatchObject({ code: 'JOURNAL_MISMATCH' });
  });
});

describe('journal', () => {
  it('goes on after a last line that was torn off anywhere', async () => {
    const examples = examplesOf(3);
    await run(examples, fake(() => answered('Ünïcödé ✓ refunded')).target, { concurrency: 1 });
    const whole = readFileSync(journal());
    const beforeLast = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (cut) => {
        writeFileSync(journal(), whole.subarray(0, cut));
        const kept = Math.max(0, whole.subarray(0, cut).filter((byte) => byte === 0x0a).length - 1);
        const { target, calls } = fake(() => answered('Ünïcödé ✓ refunded'));
        const { calls: all } = await run(examples, target, { concurrency: 1 });
        expect(calls).toHaveLength(3 - kept);
        expect(all.map(({ exampleId }) => exampleId)).toEqual(['e0', 'e1', 'e2']);
        expect(lines()).toHaveLength(4);
        for (const line of lines()) expect(() => JSON.parse(line) as unknown).not.toThrow();
      }),
      { numRuns: 60, examples: [[0], [beforeLast], [whole.length - 1]] },
    );
  });

  it('refuses a broken line that is not the last, and names it', async () => {
    const examples = examplesOf(3);
    const { target } = fake(() => answered());
    await run(examples, target);
    const good = lines();
    for (const bad of ['{"exampleId":', '{"exampleId":"e1"}']) {
      writeFileSync(journal(), `${[good[0], bad, ...good.slice(2)].join('\n')}\n`);
      await expect(run(examples, target)).rejects.toMatchObject({
        code: 'JOURNAL_DAMAGED',
        message: expect.stringContaining(`${journal()}:2`) as string,
      });
    }
    writeFileSync(journal(), '{"schemaVersion":9}\n{}\n{}\n');
    await expect(run(examples, target)).rejects.toThrow(/:1: .*newer version/);
  });
});

describe('findResumable', () => {
  const examples = examplesOf(2);
  const plant = (name: string, head: Partial<ExperimentHead>, finished = false) => {
    const path = join(home, 'runs', name);
    mkdirSync(path, { recursive: true });
    writeFileSync(
      join(path, 'journal.jsonl'),
      `${JSON.stringify(headOf(examples, { runId: name, ...head }))}\n`,
    );
    if (finished) writeFileSync(join(path, 'results.json'), '{}');
    return path;
  };
  const at = (day: number) => ({ startedAt: `2026-01-0${day}T00:00:00.000Z` });

  it('finds the newest unfinished run of the same thing that nobody is at work on', async () => {
    expect(await findResumable({ home, head: headOf(examples) })).toBeUndefined();
    plant('old', at(1));
    const newer = plant('newer', at(2));
    plant('finished', at(3), true);
    const others: Partial<ExperimentHead>[] = [
      { suite: 'x' },
      { target: 'x' },
      { repeats: 2 },
      { timeoutMs: 5 },
      { split: 'smoke' },
      { commit: 'abc' },
      { datasetFingerprint: 'x' },
      { evaluators: [] },
    ];
    for (const [index, other] of others.entries()) plant(`other-${index}`, { ...at(5), ...other });
    const locked = plant('locked', at(6));
    const lock = await acquireRunLock(locked);
    expect(await findResumable({ home, head: headOf(examples, at(9)) })).toBe(newer);
    await lock.release();
    expect(await findResumable({ home, head: headOf(examples, at(9)) })).toBe(locked);
  });

  it('passes over what it cannot read, with a warning', async () => {
    const good = plant('good', at(1));
    writeFileSync(join(plant('bad', at(2)), 'journal.jsonl'), 'not json\n');
    writeFileSync(join(plant('torn', at(3)), 'journal.jsonl'), '{"schema');
    mkdirSync(join(home, 'runs', 'empty'));
    const warnings: string[] = [];
    const logger = { warn: (message: string) => void warnings.push(message), error() {} };
    expect(await findResumable({ home, head: headOf(examples), logger })).toBe(good);
    expect(warnings).toEqual([expect.stringContaining(join('bad', 'journal.jsonl'))]);
  });
});

describe('acquireRunLock', () => {
  it('is held once, released twice without harm, and taken over from a process that is gone', async () => {
    mkdirSync(folder, { recursive: true });
    const lock = await acquireRunLock(folder);
    await expect(acquireRunLock(folder)).rejects.toMatchObject({ code: 'RUN_LOCKED', exitCode: 2 });
    await lock.release();
    await lock.release();
    const gone = spawn(process.execPath, ['-e', '0']);
    await new Promise((resolve) => gone.on('exit', resolve));
    for (const left of [String(gone.pid), String(process.pid), 'garbage', '']) {
      writeFileSync(join(folder, 'lock'), left);
      await (await acquireRunLock(folder)).release();
    }
    writeFileSync(join(folder, 'lock'), String(process.ppid));
    await expect(acquireRunLock(folder)).rejects.toThrow(`process ${process.ppid}`);
  });

  it.skipIf(!existsSync('/proc/self/stat'))('is not held by another process of the same id', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      const path = join(folder, 'lock');
      await (await acquireRunLock(folder)).release();
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      writeFileSync(path, `${child.pid} ${started}\n`);
      await expect(acquireRunLock(folder)).rejects.toThrow(`process ${child.pid}`);
      writeFileSync(path, `${child.pid} 1\n`);
      const lock = await acquireRunLock(folder);
      expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} \\d+\n$`));
      await lock.release();
    } finally {
      child.kill();
    }
  });

  it('that a caller holds stays his', async () => {
    const lock = await acquireRunLock(folder);
    const examples = examplesOf(1);
    await run(examples, fake(() => answered()).target, { lock });
    await expect(run(examples, fake(() => answered()).target)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    await lock.release();
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });
});

describe('backoffMs', () => {
  it('is between what the target asks for and 30 s, and doubles its ceiling', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 120_000 }),
        (attempt, draw, asked) => {
          const ms = backoffMs(attempt, () => draw, asked);
          expect(ms).toBeGreaterThanOrEqual(Math.min(asked, MAX_BACKOFF_MS));
          expect(ms).toBeLessThanOrEqual(Math.min(MAX_BACKOFF_MS, asked + 500 * 2 ** (attempt - 1)));
        },
      ),
    );
  });
});

describe('a run that is killed', () => {
  it('goes on where it stopped and repeats no finished example', async () => {
    const examples = examplesOf(20);
    const served: number[] = [];
    let child: ReturnType<typeof spawn> | undefined;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        if (request.method === 'HEAD') return response.writeHead(200).end();
        served.push((JSON.parse(body) as { input: { index: number } }).input.index);
        if (served.length === 11) return child?.kill('SIGKILL');
        return response.end(JSON.stringify({ output: { answer: 'It was refunded.' } }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const spec = `langserve:http://127.0.0.1:${(server.address() as AddressInfo).port}/agent`;
      const head = headOf(examples, { target: spec });
      const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
      const script = join(home, 'child.mts');
      writeFileSync(
        script,
        `import { runExperiment } from ${source('./index.ts')};
         import { createTarget } from ${source('../targets/index.ts')};
         import { hasResolution, noError, latency } from ${source('../evaluators/index.ts')};
         import { systemClock } from ${source('../../core/index.ts')};
         const clock = systemClock();
         const target = await createTarget(${JSON.stringify(spec)}, { cwd: '/', clock, env: {} });
         await runExperiment({ head: ${JSON.stringify(head)}, examples: ${JSON.stringify(examples)}, target,
           evaluators: [hasResolution(), noError(), latency()], runFolder: ${JSON.stringify(folder)},
           concurrency: 3, clock, random: Math.random, signal: new AbortController().signal });`,
      );
      child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const signal = await new Promise((resolve) => child?.on('exit', (_code, by) => resolve(by)));
      expect(signal).toBe('SIGKILL');
      const finished = lines()
        .slice(1)
        .map((line) => (JSON.parse(line) as { exampleId: string }).exampleId);
      expect(finished.length).toBeGreaterThanOrEqual(8);

      served.length = 0;
      served.push(...Array.from({ length: 12 }, () => -1));
      expect(await findResumable({ home, head: { ...head, runId: 'new' } })).toBe(folder);
      const { createTarget } = await import('../targets/index.ts');
      const clock = systemClock();
      const target = await createTarget(spec, { cwd: '/', clock, env: {} });
      const experiment = await run(examples, target, { head: { ...head, runId: 'new' }, clock });
      const repeated = served.filter((index) => finished.includes(`e${index}`));
      expect(repeated).toEqual([]);
      expect(served.filter((index) => index >= 0)).toHaveLength(20 - finished.length);
      expect(experiment.head.runId).toBe('run-1');
      expect(experiment.calls.map(({ status }) => status)).toEqual(Array(20).fill('answered'));
      expect(experiment.calls[0]?.contentHash).toBe(contentHash(examples[0]!));
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('does not touch the journal of a run that another process continues', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'lock'), String(process.ppid));
    appendFileSync(journal(), '');
    await expect(run(examplesOf(1), fake(() => answered()).target)).rejects.toMatchObject({
      code: 'RUN_LOCKED',
    });
    expect(readFileSync(journal(), 'utf8')).toBe('');
  });
});
