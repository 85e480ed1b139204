// The flags of sluice replay on an agent with a model and a tool, through the real program.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeContext } from '../../../test/support/fake-context.ts';
import { sluiceHome } from '../../core/index.ts';
import { loadDataset } from '../../evals/index.ts';
import { loadGraph } from '../../loading/index.ts';
import { shutdown, traceGraph } from '../../tracing/index.ts';
import type { CommandContext } from '../command.ts';
import { main } from '../main.ts';
import { cassetteVerify } from './cassette-verify.ts';
import { replay } from './replay.ts';
import { tracesExport } from './traces-export.ts';

const resolved = (name: string) => JSON.stringify(import.meta.resolve(name));

/** Looks an order up, asks a model, and fails on what the tool says unless it is mended. */
const AGENT = ({ prompt = 'Be kind.', mended = false, extra = '' } = {}) => `
import { appendFileSync } from 'node:fs';
import { MessagesAnnotation, Annotation, MemorySaver, START, StateGraph } from ${resolved('@langchain/langgraph')};
import { SystemMessage } from ${resolved('@langchain/core/messages')};
import { tool } from ${resolved('@langchain/core/tools')};
import { FakeListChatModel } from ${resolved('@langchain/core/utils/testing')};
const State = Annotation.Root({ ...MessagesAnnotation.spec, id: Annotation(), order: Annotation() });
const log = (line) => appendFileSync(new URL('./live.log', import.meta.url), line + '\\n');
const lookUp = tool(async ({ id }) => { log('tool ' + id); return JSON.stringify(id === 'A-1' ? { status: 'sent' } : null); },
  { name: 'look_up', description: 'x', schema: { type: 'object', properties: { id: { type: 'string' } } } });
class Model extends FakeListChatModel { async _generate(...args) { log('model'); return super._generate(...args); } }
const model = new Model({ responses: ['Your order is on its way.'] });
export const graph = new StateGraph(State)
  .addNode('find', async ({ id }, config) => ({ order: await lookUp.invoke({ id }, config) }))
  .addNode('draft', async ({ messages, order }, config) => {
    const status = JSON.parse(order)${mended ? '?.' : '.'}status;
    ${extra}
    return { messages: [await model.invoke([new SystemMessage(${JSON.stringify(prompt)} + status), ...messages], config)] };
  })
  .addEdge(START, 'find').addEdge('find', 'draft')
  .compile({ name: 'orders', checkpointer: new MemorySaver() });
`;

let cwd: string;
let home: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-replay-'));
  home = sluiceHome({}, cwd);
  await writeFile(join(cwd, 'broken.mjs'), AGENT());
  await writeFile(join(cwd, 'mended.mjs'), AGENT({ mended: true }));
});
afterEach(async () => {
  await shutdown();
  await rm(cwd, { recursive: true, force: true });
});

async function record(id: string, file = 'broken.mjs'): Promise<string> {
  const runId = crypto.randomUUID();
  const graph = traceGraph(await loadGraph(`./${file}#graph`, { cwd }), { home });
  const input = { id, messages: [{ role: 'user', content: `Where is ${id}?` }] };
  await graph.invoke(input, { runId, configurable: { thread_id: runId } }).catch(() => undefined);
  await shutdown();
  await writeFile(join(cwd, 'live.log'), '');
  return runId;
}

async function sluice(
  argv: readonly string[],
  more: { ask?: CommandContext['ask']; signal?: AbortSignal } = {},
) {
  const context = fakeContext({ cwd, nowMs: Date.now(), ...(more.ask && { ask: more.ask }) });
  const exitCode = await main(
    argv,
    [replay, cassetteVerify, tracesExport],
    { ...context, ...(more.signal && { signal: more.signal }) },
    '0',
  );
  return { exitCode, out: context.stdout.text, err: context.stderr.text };
}

const live = async () =>
  (await readFile(join(cwd, 'live.log'), 'utf8')).split('\n').filter((line) => line !== '');

describe('sluice replay with recorded results', () => {
  it('runs nothing live, and names the first difference', async () => {
    await writeFile(join(cwd, 'terse.mjs'), AGENT({ prompt: 'Be brief.' }));
    const id = await record('A-1');
    const { exitCode, out } = await sluice(['replay', id, '--graph', './terse.mjs#graph']);
    expect(exitCode).toBe(0);
    expect(out).toContain('Mode recorded: with the recorded results of models and tools; nothing ran live.');
    expect(out).toMatch(/first\s+node draft, model call 1: the prompt changed here/);
    expect(out).toContain('- Be kind.sent');
    expect(out).toContain('+ Be brief.sent');
    expect(out).toMatch(/calls\s+1 as recorded, 1 by their place, asked differently/);
    expect(out).toMatch(/~ {3}model/);
    expect(await live()).toEqual([]);
  });

  it('stops where nothing recorded fits, with exit code 3 and the way out', async () => {
    const id = await record('A-2');
    const stopped = await sluice(['replay', id, '--graph', './mended.mjs#graph']);
    expect(stopped.exitCode).toBe(3);
    expect(stopped.out).toContain('STOPPED  it could not be replayed to its end.');
    expect(stopped.out).toContain('Nothing recorded fits node draft, model call 1');
    expect(stopped.out).toContain('--on-miss live');
    expect(await sluice(['replay', id, '--graph', './mended.mjs#graph', '--on-miss', 'stub'])).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('1 stubbed'),
    });
    expect(await live()).toEqual([]);
    expect(
      (await sluice(['replay', id, '--graph', './mended.mjs#graph', '--on-miss', 'live'])).exitCode,
    ).toBe(0);
    expect(await live()).toEqual(['model']);
  });

  it('calls the model against the recorded tools with --model live', async () => {
    const id = await record('A-1');
    const { exitCode, out } = await sluice([
      'replay',
      id,
      '--graph',
      './mended.mjs#graph',
      '--model',
      'live',
    ]);
    expect([exitCode, await live()]).toEqual([0, ['model']]);
    expect(out).toContain('live calls of models');
  });

  it('lists a blocked connection, and lets an allowed one through', async () => {
    const connect = `await fetch('http://127.0.0.1:59999/').catch((error) => { if (!/ECONNREFUSED/.test(String(error.cause))) throw error; });`;
    await writeFile(join(cwd, 'chatty.mjs'), AGENT({ extra: connect }));
    const id = await record('A-1');
    const blocked = await sluice(['replay', id, '--graph', './chatty.mjs#graph']);
    expect(blocked.exitCode).toBe(3);
    expect(blocked.out).toMatch(/blocked\s+fetch 127\.0\.0\.1:59999/);
    expect(blocked.out).toContain('--allow-host 127.0.0.1:59999');
    const allowed = await sluice([
      'replay',
      id,
      '--graph',
      './chatty.mjs#graph',
      '--allow-host',
      '127.0.0.1:59999',
    ]);
    expect(allowed.out).not.toContain('blocked');
    expect(allowed.exitCode).toBe(0);
  });
});

describe('live tools', () => {
  it('need a person’s yes or --yes', async () => {
    const id = await record('A-1');
    const argv = ['replay', id, '--graph', './mended.mjs#graph', '--tools', 'live'];
    expect(await sluice(argv)).toMatchObject({ exitCode: 2, err: expect.stringContaining('Add --yes') });
    const questions: string[] = [];
    const ask = (answer: string) => async (question: string) => {
      questions.push(question);
      return answer;
    };
    expect(await sluice(argv, { ask: ask('') })).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('Not confirmed: nothing was run.'),
    });
    expect(await live()).toEqual([]);
    expect((await sluice(argv, { ask: ask(' Yes\n') })).exitCode).toBe(0);
    expect(questions).toEqual(Array(2).fill(expect.stringContaining('will run for real')));
    expect((await sluice([...argv, '--yes'])).exitCode).toBe(0);
    expect(await live()).toEqual(['tool A-1', 'tool A-1']);
  });

  it('run one by one when they are named', async () => {
    const first = `await lookUp.invoke({ id: 'A-7' }, config);`;
    await writeFile(join(cwd, 'twice.mjs'), AGENT({ extra: first }));
    const id = await record('A-1');
    const argv = ['replay', id, '--graph', './twice.mjs#graph'];
    expect((await sluice(argv)).exitCode).toBe(3);
    expect((await sluice([...argv, '--allow-tool', 'look_up'])).exitCode).toBe(0);
    expect(await live()).toEqual(['tool A-7']);
  });
});

describe('several runs', () => {
  it('replays every one that matches, goes on past those it cannot, and leaves replays out', async () => {
    const ids = [await record('A-2'), await record('A-3'), await record('A-1')];
    const argv = ['replay', '--status', 'error', '--since', '24h', '--graph', './broken.mjs#graph'];
    const failing = await sluice(argv);
    expect(failing.exitCode).toBe(1);
    for (const id of ids.slice(0, 2)) expect(failing.out).toContain(id);
    expect(failing.out).not.toContain(ids[2]);
    expect(failing.out).toContain('2 runs on ./broken.mjs#graph: 2 failing.');
    // The replays have failed too and are in the store by now.
    const again = await sluice(['replay', '--status', 'error', '--graph', './mended.mjs#graph', '--json']);
    const rows = JSON.parse(again.out) as { traceId: string; verdict: string }[];
    expect(rows.map(({ traceId, verdict }) => [traceId, verdict]).toSorted()).toEqual(
      ids
        .slice(0, 2)
        .map((id) => [id, 'stopped'])
        .toSorted(),
    );
    expect(again.exitCode).toBe(3);
    const fixed = await sluice([
      ...argv.slice(0, -1),
      './mended.mjs#graph',
      '--on-miss',
      'stub',
      '--limit',
      '1',
    ]);
    expect(fixed).toMatchObject({ exitCode: 0, out: expect.stringContaining('1 fixed') });
    expect(fixed.err).toContain('more match');
  });

  it('never passes when nothing matches', async () => {
    await record('A-1');
    expect(await sluice(['replay', '--status', 'error', '--graph', './mended.mjs#graph'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('No recorded run in'),
    });
  });

  it('ends with 130 when it is interrupted', async () => {
    await record('A-2');
    const stop = new AbortController();
    stop.abort(new Error('Stopped by SIGINT.'));
    const argv = ['replay', '--status', 'error', '--graph', './mended.mjs#graph'];
    expect((await sluice(argv, { signal: stop.signal })).exitCode).toBe(130);
  });
});

describe('what a replay leaves behind', () => {
  it('a golden example that the loader takes, once', async () => {
    const id = await record('A-2');
    await writeFile(join(cwd, 'golden.jsonl'), '{"id":"one","inputs":{"id":"A-9"}}');
    const argv = [
      'replay',
      id,
      '--graph',
      './mended.mjs#graph',
      '--on-miss',
      'stub',
      '--save-example',
      'golden.jsonl',
    ];
    const saved = await sluice([...argv, '--split', 'smoke', '--split', 'full']);
    expect(saved).toMatchObject({ exitCode: 0, err: expect.stringContaining(`Added example replay-${id}`) });
    const { examples } = await loadDataset('golden.jsonl', { cwd });
    expect(examples.map((example) => example.id)).toEqual(['one', `replay-${id}`]);
    expect(examples[1]).toMatchObject({
      inputs: { id: 'A-2', messages: [{ role: 'user', content: 'Where is A-2?' }] },
      outputs: { answer: expect.any(String), tools: ['look_up'] },
      metadata: { traceId: id, recordedOutcome: 'error' },
      split: ['smoke', 'full'],
    });
    const text = await readFile(join(cwd, 'golden.jsonl'), 'utf8');
    expect(await sluice(argv)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('golden.jsonl:2 has this example already'),
    });
    expect(await readFile(join(cwd, 'golden.jsonl'), 'utf8')).toBe(text);
  });

  it('no reference where it still fails, and no file of another format', async () => {
    const id = await record('A-2');
    const argv = ['replay', id, '--graph', './broken.mjs#graph', '--save-example'];
    expect((await sluice([...argv, 'new.jsonl'])).exitCode).toBe(1);
    expect((await loadDataset('new.jsonl', { cwd })).examples[0]?.outputs).toBeUndefined();
    expect(await sluice([...argv, 'golden.csv'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('.jsonl'),
    });
  });

  it('a cassette, which tells when the graph makes other calls', async () => {
    const id = await record('A-1');
    const saved = await sluice(['replay', id, '--graph', './mended.mjs#graph', '--save-cassette']);
    const file = join('datasets', 'cassettes', `${id}.sluice-cassette.json`);
    expect(saved).toMatchObject({ exitCode: 0, err: expect.stringContaining(`Wrote ${file}.`) });
    const verify = ['cassette', 'verify', '--graph'];
    expect(await sluice([...verify, './mended.mjs#graph'])).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('1 cassette, all fresh.'),
    });
    await writeFile(join(cwd, 'terse.mjs'), AGENT({ prompt: 'Be brief.' }));
    const stale = await sluice([...verify, './terse.mjs#graph']);
    expect(stale.exitCode).toBe(1);
    expect(stale.out).toContain(`stale       ${file}`);
    expect(stale.out).toContain('1 of 1 cassette to be recorded again.');
    const json = await sluice([...verify, './terse.mjs#graph', file, '--json']);
    expect(JSON.parse(json.out)).toMatchObject([{ file, status: 'stale', reasons: [expect.any(String)] }]);
    expect(await sluice([...verify, './mended.mjs#graph', 'nowhere/'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('nowhere'),
    });
    expect(await live()).toEqual([]);
    const other = [
      'replay',
      id,
      '--graph',
      './mended.mjs#graph',
      '--save-cassette',
      '--cassettes',
      'tests/kept',
    ];
    expect((await sluice(other)).err).toContain(`Wrote ${join('tests', 'kept', id)}`);
  });

  it('a page that only its owner can read', async () => {
    const id = await record('A-1');
    await sluice(['replay', id, '--graph', './mended.mjs#graph', '--html', 'out/replay.html']);
    const path = join(cwd, 'out', 'replay.html');
    expect(await readFile(path, 'utf8')).toMatch(/^<!doctype html>/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});

describe('where the run comes from, and what it is compared with', () => {
  it('a file of traces, on a machine without a store', async () => {
    const id = await record('A-2');
    await sluice(['traces', 'export', id, '--out', 'failure.jsonl']);
    await rm(home, { recursive: true });
    const argv = ['replay', id, '--from', 'failure.jsonl', '--graph', './broken.mjs#graph'];
    expect(await sluice(argv)).toMatchObject({ exitCode: 1, out: expect.stringContaining('FAILING') });
    const many = ['replay', '--status', 'error', '--from', 'failure.jsonl', '--graph', './broken.mjs#graph'];
    expect(await sluice(many)).toMatchObject({ exitCode: 1, out: expect.stringContaining('1 failing') });
  });

  it('says before it runs what the record lacks', async () => {
    const runId = crypto.randomUUID();
    const graph = traceGraph(await loadGraph('./broken.mjs#graph', { cwd }), { home, hideOutputs: true });
    const input = { id: 'A-1', messages: [] };
    await graph.invoke(input, { runId, configurable: { thread_id: 't' } });
    await shutdown();
    const { err, exitCode } = await sluice(['replay', runId, '--graph', './mended.mjs#graph']);
    expect(err).toMatch(/note: The outputs of \d+ of \d+ spans were hidden when the run was recorded/);
    expect([exitCode, err]).toEqual([3, expect.stringContaining('no recorded result')]);
  });

  it('the build without the patch', async () => {
    await writeFile(join(cwd, 'terse.mjs'), AGENT({ prompt: 'Be brief.' }));
    const id = await record('A-1');
    const argv = ['replay', id, '--graph', './terse.mjs#graph', '--baseline', './broken.mjs#graph'];
    const { out, exitCode } = await sluice(argv);
    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /baseline ✓ success {2}the same as recorded: every difference above is from the patch/,
    );
  });

  it('the thread that it failed on', async () => {
    const id = await record('A-2');
    expect(
      await sluice([
        'replay',
        id,
        '--graph',
        './mended.mjs#graph',
        '--from-failure',
        '--checkpointer',
        'sqlite:none.db',
      ]),
    ).toMatchObject({ err: expect.stringContaining('none.db') });
  });
});

it.each([
  [['--graph', './a.mjs#g'], 'Which run?'],
  [['x', '--status', 'error', '--graph', './a.mjs#g'], 'contradict each other'],
  [['x', '--target', 'langserve:http://x', '--tools', 'live'], '--tools works on a graph'],
  [['x', '--target', 'langserve:http://x', '--baseline', './a.mjs#g'], '--baseline works on a graph'],
  [['--since', '1h', '--graph', './a.mjs#g', '--html', 'x.html'], '--html is for one run'],
  [['--since', '1h', '--graph', './a.mjs#g', '--save-example', 'x.jsonl'], '--save-example is for one run'],
  [['x', '--graph', './a.mjs#g', '--from-failure'], '--from-failure needs --checkpointer'],
  [['x', '--graph', './a.mjs#g', '--checkpointer', 'sqlite:x'], 'read by --from-failure only'],
  [['x', '--graph', './a.mjs#g', '--split', 'smoke'], '--save-example'],
  [['x', '--graph', './a.mjs#g', '--cassettes', 'there'], '--save-cassette'],
  [['x', '--graph', './a.mjs#g', '--from', 'zipkin:http://x'], '--from does not know "zipkin"'],
  [['x', '--graph', './a.mjs#g', '--on-miss', 'guess'], 'must be one of fail, live, stub'],
])('refuses %j in one line', async (argv, message) => {
  const { exitCode, err } = await sluice(['replay', ...argv]);
  expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
  expect(err).not.toContain('    at ');
});
