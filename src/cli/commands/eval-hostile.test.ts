import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EvalProject, evalProject } from '../../../test/support/eval-project.ts';
import { baselineAccept } from './baseline-accept.ts';
import { evalCommand } from './eval.ts';

const BAD = { answer: 'I do not know.' };

let project: EvalProject;
beforeEach(async () => {
  project = await evalProject([evalCommand, baselineAccept]);
});
afterEach(() => project[Symbol.asyncDispose]());

const numberOf = (id: string) => Number(id.slice(1));

async function acceptGood(...flags: string[]): Promise<void> {
  expect((await project.sluice(['eval', '--no-gate', ...flags])).exitCode).toBe(0);
  expect((await project.sluice(['baseline', 'accept'])).exitCode).toBe(0);
  project.asked.clear();
}

/** Without the line breaks that the width of the page makes. */
const flat = (text: string) => text.replace(/\s+/g, ' ');

/** A configuration whose evaluators are functions, as source text. */
async function configure(evaluators: string): Promise<string> {
  const file = join(project.path, 'functions.config.mjs');
  const suite = `{ name: 'support', dataset: 'golden.jsonl', target: '${project.target}', maxRetries: 0, evaluators: [${evaluators}] }`;
  await writeFile(file, `export default { suites: [${suite}] };\n`);
  return 'functions.config.mjs';
}

describe('a target that does not answer', () => {
  it('to 10% of the calls: no verdict, and the scores that are missing are named', async () => {
    await acceptGood();
    project.reply = (id) => (numberOf(id) < 4 ? { status: 503 } : {});
    const { exitCode, out } = await project.sluice(['eval']);
    expect(exitCode).toBe(3);
    expect(flat(out)).toMatch(
      /no verdict: 4 measurements each of has_resolution, no_error are missing and could change the verdict\. The first: HTTP 503/,
    );
    // Once as the reason, and once in the last line.
    expect(flat(out).match(/The first: /g)).toHaveLength(2);
    expect(out).toMatch(/has_resolution .*\b4 missing/);
    expect(out).not.toContain('FAIL');
  });

  it('to 10% of them while the rest fails for certain: a fail', async () => {
    await acceptGood();
    project.reply = (id) => (numberOf(id) < 4 ? { status: 503 } : BAD);
    const { exitCode, out } = await project.sluice(['eval']);
    expect([exitCode, flat(out)]).toEqual([1, expect.stringContaining('FAIL (confirmed)')]);
  });

  it('from half way on: no verdict, what was answered is kept, and how to go on', async () => {
    await acceptGood();
    project.reply = (id) => (numberOf(id) < 20 ? {} : { status: 503 });
    const { exitCode, out, err } = await project.sluice(['eval']);
    expect([exitCode, out]).toEqual([3, '']);
    expect(err).toMatch(/stopped answering after 20 of 40 calls .* the last: HTTP 503/);
    expect(err).toContain('it resumes, and what was answered is kept');
  });

  it('at all: no verdict', async () => {
    await acceptGood();
    project.reply = () => ({ status: 503 });
    const { exitCode, err } = await project.sluice(['eval']);
    expect([exitCode, err]).toEqual([3, expect.stringContaining('answered none of its first')]);
  });

  it('for a lack of quota is not called a regression', async () => {
    await acceptGood();
    project.reply = (id) => (numberOf(id) % 5 === 0 ? { status: 429 } : {});
    const { exitCode, out } = await project.sluice(['eval']);
    expect([exitCode, flat(out)]).toEqual([3, expect.stringContaining('HTTP 429')]);
  });
});

describe('an agent that fails every call', () => {
  it('is a confirmed fail: it answered, and its answer says so', async () => {
    await acceptGood();
    project.reply = () => ({ status: 500, answer: 'Internal Server Error' });
    const { exitCode, out } = await project.sluice(['eval']);
    expect(exitCode).toBe(1);
    expect(flat(out)).toContain('fail: has_resolution went from 1.00 to 0.00 (-100.0%); the limit is -5.0%.');
    expect(flat(out)).toContain('FAIL (confirmed)');
  });
});

describe('no examples', () => {
  it('of the split end with a wrong flag', async () => {
    const { exitCode, err } = await project.sluice(['eval', '--split', 'none']);
    expect([exitCode, err]).toEqual([2, expect.stringContaining('"none"')]);
    expect(project.asked.size).toBe(0);
  });

  it('in the dataset never pass', async () => {
    await acceptGood();
    await writeFile(join(project.path, 'golden.jsonl'), '\n');
    const { exitCode, err } = await project.sluice(['eval']);
    expect([exitCode === 2 || exitCode === 3, err]).toEqual([true, expect.stringContaining('golden.jsonl')]);
    expect(project.asked.size).toBe(0);
  });

  it('in common with the baseline have no verdict', async () => {
    await acceptGood();
    await project.dataset(
      Array.from({ length: 40 }, (_, index) => ({ id: `n${index}`, inputs: { id: `n${index}` } })),
    );
    const { exitCode, out } = await project.sluice(['eval']);
    expect([exitCode, flat(out)]).toEqual([
      3,
      expect.stringContaining('No example of this run is in the baseline with the same content.'),
    ]);
  });
});

describe('an evaluator', () => {
  const throws = `{ key: 'judge', version: '1', evaluate() { if (process.env.JUDGE_DOWN) throw new Error('no key'); return { score: 1 }; } }`;

  it('that throws on every example has no verdict, and says which and why', async () => {
    const config = await configure(`'has_resolution', ${throws.replace('process.env.JUDGE_DOWN', 'true')}`);
    const { exitCode, err } = await project.sluice(['eval', '--config', config]);
    expect([exitCode, err]).toEqual([
      3,
      expect.stringContaining('An evaluator scored none of 40 answers. judge: '),
    ]);
    expect(err).toContain('no key');
    expect(err).toContain('the answers are kept and only scored again');
  });

  it('that throws on every example does not hide what another fails for certain', async () => {
    const good = await configure(`'has_resolution', ${throws.replace('process.env.JUDGE_DOWN', 'false')}`);
    await acceptGood('--config', good);
    project.reply = () => BAD;
    const down = await configure(`'has_resolution', ${throws.replace('process.env.JUDGE_DOWN', 'true')}`);
    // The same module is loaded once in a process.
    const copy = down.replace('functions', 'down');
    await writeFile(
      join(project.path, copy),
      `export default { suites: [{ name: 'support', dataset: 'golden.jsonl', target: '${project.target}', maxRetries: 0, evaluators: ['has_resolution', ${throws.replace('process.env.JUDGE_DOWN', 'true')}] }] };\n`,
    );
    const { exitCode, out, err } = await project.sluice(['eval', '--config', copy]);
    expect([exitCode, err.includes('scored none')]).toEqual([1, false]);
    expect(flat(out)).toContain('fail: has_resolution went from 1.00 to 0.00');
    expect(flat(out)).toContain('40 measurements of judge are missing');
  });

  it.each([
    ['NaN', 'Number.NaN'],
    ['infinity', '1 / 0'],
    ['a text', "'good'"],
  ])('that gives %s has no verdict', async (_, score) => {
    const config = await configure(
      `'has_resolution', { key: 'broken', evaluate: () => ({ score: ${score} }) }`,
    );
    const { exitCode, err } = await project.sluice(['eval', '--config', config]);
    expect([exitCode, err]).toEqual([3, expect.stringContaining('broken')]);
  });

  it('that gives NaN for some examples has no verdict where they could decide', async () => {
    const broken = (bad: boolean) =>
      `{ key: 'broken', version: '1', evaluate: ({ inputs }) => ({ score: ${bad} && Number(inputs.id.slice(1)) < 6 ? Number.NaN : 1 }) }`;
    await acceptGood('--config', await configure(broken(false)));
    await writeFile(
      join(project.path, 'nan.config.mjs'),
      `export default { suites: [{ name: 'support', dataset: 'golden.jsonl', target: '${project.target}', evaluators: [${broken(true)}] }] };\n`,
    );
    const { exitCode, out } = await project.sluice(['eval', '--config', 'nan.config.mjs']);
    expect([exitCode, flat(out)]).toEqual([
      3,
      expect.stringContaining('6 measurements of broken are missing and could change the verdict.'),
    ]);
  });

  it('that changed has no verdict, unless the change is allowed by name', async () => {
    const version = (number: number) =>
      `{ key: 'tone', version: '${number}', evaluate: () => ({ score: 1 }) }`;
    await acceptGood('--config', await configure(version(1)));
    await writeFile(
      join(project.path, 'second.config.mjs'),
      `export default { suites: [{ name: 'support', dataset: 'golden.jsonl', target: '${project.target}', evaluators: [${version(2)}] }] };\n`,
    );
    const changed = await project.sluice(['eval', '--config', 'second.config.mjs']);
    expect([changed.exitCode, flat(changed.out)]).toEqual([
      3,
      expect.stringContaining('The evaluator of tone changed since the baseline was accepted.'),
    ]);
    const allowed = await project.sluice([
      'eval',
      '--config',
      'second.config.mjs',
      '--allow-changed',
      'tone',
    ]);
    expect([allowed.exitCode, flat(allowed.out)]).toEqual([
      0,
      expect.stringContaining('compared all the same'),
    ]);
    const wrong = await project.sluice(['eval', '--config', 'second.config.mjs', '--allow-changed', 'tune']);
    expect([wrong.exitCode, wrong.err]).toEqual([2, expect.stringContaining('"tune"')]);
  });
});

describe('a baseline', () => {
  it('of 0 passes with the way out: an absolute minimum', async () => {
    project.reply = () => BAD;
    await acceptGood();
    const { exitCode, out } = await project.sluice(['eval']);
    expect(exitCode).toBe(0);
    expect(flat(out)).toContain('note: The baseline of has_resolution is 0.00, too close to its worst score');
    expect(flat(out)).toContain('gate: { min: { "has_resolution": 0.2 } }');
  });

  it('of 1 allows 2 failures of 40 and fails the third', async () => {
    await acceptGood('--repeats', '5');
    project.reply = (id) => (numberOf(id) < 2 ? BAD : {});
    expect((await project.sluice(['eval'])).exitCode).toBe(0);
    project.reply = (id) => (numberOf(id) < 3 ? BAD : {});
    const { exitCode, out } = await project.sluice(['eval']);
    expect([exitCode, flat(out)]).toEqual([
      1,
      expect.stringMatching(/has_resolution went from 1\.00 to 0\.925 \(-7\.5%\)/),
    ]);
  });

  it('has the extra rounds of the run that it was made of', async () => {
    await acceptGood();
    project.reply = (id, count) => (numberOf(id) < 3 && count === 1 ? BAD : {});
    expect((await project.sluice(['eval'])).exitCode).toBe(0);
    const rounds = project.asked.get('e0') ?? 0;
    expect(rounds).toBeGreaterThan(1);
    const { exitCode, out } = await project.sluice(['baseline', 'accept']);
    expect([exitCode, out]).toEqual([0, expect.stringContaining(`40 examples x ${rounds}.`)]);
  });

  it('is warned of when its run is old', async () => {
    await acceptGood();
    const file = join(project.path, 'datasets/baselines/support.json');
    const { readFile } = await import('node:fs/promises');
    const text = (await readFile(file, 'utf8')).replace(/"finishedAt": "\d{4}/, '"finishedAt": "2020');
    await writeFile(file, text);
    const { exitCode, out } = await project.sluice(['eval']);
    expect([exitCode, flat(out)]).toEqual([0, expect.stringMatching(/note: The baseline is \d+ days old/)]);
  });

  it('out of a folder is the newest run of the suite itself', async () => {
    expect((await project.sluice(['eval', '--no-gate'])).exitCode).toBe(0);
    await project.configure({ name: 'other', evaluators: ['no_error'] });
    expect((await project.sluice(['eval', '--no-gate'])).exitCode).toBe(0);
    await project.configure();
    const { exitCode, out } = await project.sluice(['eval', '--baseline', '.sluice/runs']);
    expect([exitCode, flat(out)]).toEqual([0, expect.stringMatching(/has_resolution 1\.00 1\.00 0\.0%/)]);
  });

  it('can be the results of a run elsewhere, by flag, by environment, and as a folder', async () => {
    expect((await project.sluice(['eval', '--no-gate'])).exitCode).toBe(0);
    const [folder = ''] = await project.runs();
    project.reply = () => BAD;
    for (const [argv, env] of [
      [['--baseline', join(folder, 'results.json')], {}],
      [['--baseline', '.sluice/runs'], {}],
      [[], { SLUICE_BASELINE: folder }],
    ] as const) {
      const { exitCode, out } = await project.sluice(['eval', '--fresh', '--rerun', 'off', ...argv], { env });
      // The newest of a folder is the run before, which went badly too: too low to compare with.
      expect([exitCode, out.includes('No baseline')]).toEqual([argv[1] === '.sluice/runs' ? 0 : 1, false]);
    }
    for (const [file, message] of [
      ['nowhere.json', '--baseline: there is no file nowhere.json.'],
      ['golden.jsonl', 'golden.jsonl: not valid JSON'],
      [project.path.concat('/datasets'), '--baseline: there is no file'],
    ] as const) {
      const { exitCode, err } = await project.sluice(['eval', '--baseline', file]);
      expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});

describe('a suite of one example', () => {
  beforeEach(() => project.dataset([{ id: 'e0', inputs: { id: 'e0' } }]));

  it('passes with a note that it proves little', async () => {
    await acceptGood();
    const { exitCode, out } = await project.sluice(['eval']);
    expect(exitCode).toBe(0);
    expect(flat(out)).toContain('PASS (weak)');
    expect(flat(out).match(/1 compared example is too few/g)).toHaveLength(1);
  });

  it('fails on its one failure, after it was measured again', async () => {
    await acceptGood();
    project.reply = () => BAD;
    const { exitCode, out } = await project.sluice(['eval']);
    expect([exitCode, flat(out)]).toEqual([1, expect.stringContaining('FAIL (unconfirmed)')]);
    expect(project.asked.get('e0')).toBe(5);
  });
});

describe('a threshold that is no share', () => {
  it.each(['abc', 'NaN', '', '0', '1', '5%', '-0.05', '1e-2'])('on the command line: %j', async (typed) => {
    const { exitCode, err } = await project.sluice(['eval', '--threshold', typed]);
    expect([exitCode, err]).toEqual([2, expect.stringContaining('--threshold')]);
    expect(err).not.toMatch(/\n\s+at /);
    expect(project.asked.size).toBe(0);
  });

  it.each(['abc', 5, 0, -1, null])('in the configuration: %j', async (threshold) => {
    await project.configure({ gate: { threshold } });
    const { exitCode, err } = await project.sluice(['eval']);
    expect([exitCode, err]).toEqual([2, expect.stringContaining('suites[0].gate.threshold')]);
    expect(project.asked.size).toBe(0);
  });
});
