import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { record, tempHome } from '../../../test/support/recorded-run.ts';
import { rootSpan, systemClock, UsageError } from '../../core/index.ts';
import type { ReplayableGraph } from '../contract.ts';
import {
  CASSETTE_SUFFIX,
  CassetteDeck,
  cassetteOf,
  listCassettes,
  readCassette,
  saveCassette,
  verifyCassette,
} from './index.ts';

const model = new FakeListChatModel({ responses: ['one', 'two', 'three', 'four'] });

function agent(system: string, calls = 1) {
  return new StateGraph(MessagesAnnotation)
    .addNode('answer', async ({ messages }) => {
      const answers = [];
      for (let call = 0; call < calls; call += 1) {
        answers.push(await model.invoke([new HumanMessage(`${system} ${call}`), ...messages]));
      }
      return { messages: answers };
    })
    .addEdge(START, 'answer')
    .compile() as unknown as ReplayableGraph;
}

const input = { messages: [new HumanMessage('hello')] };
const options = { timeoutMs: 5_000, signal: new AbortController().signal, clock: systemClock() };

async function recorded(system = 'be kind', calls = 1) {
  return cassetteOf(await record(agent(system, calls), input), {
    savedAtMs: 1,
    configurable: { tone: 'dry' },
  });
}

describe('a cassette', () => {
  it('is written for its owner alone, and read as it was', async () => {
    const folder = await tempHome();
    const cassette = await recorded();
    const file = await saveCassette(cassette, `${folder}/kept/`);
    expect(file).toBe(join(folder, 'kept', `${cassette.trace.id}${CASSETTE_SUFFIX}`));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readCassette(file)).toEqual(JSON.parse(JSON.stringify(cassette)));
    expect(await listCassettes(join(folder, 'kept'))).toEqual([file]);
    expect(await readdir(join(folder, 'kept'))).toHaveLength(1);
  });

  it('leaves out what no replay reads', async () => {
    const { trace } = await recorded();
    expect(rootSpan(trace).inputs).toBeDefined();
    expect(
      trace.spans.filter(({ name }) => name === '__start__').map(({ inputs, outputs }) => [inputs, outputs]),
    ).toEqual([[undefined, undefined]]);
    expect(JSON.stringify(trace)).not.toContain('"stack"');
  });

  it('stays in its folder, whatever the trace is called', async () => {
    const folder = await tempHome();
    const cassette = await recorded();
    const evil = { ...cassette, trace: { ...cassette.trace, id: '../../evil' } };
    expect(await saveCassette(evil, `${folder}/`)).toBe(join(folder, `_evil${CASSETTE_SUFFIX}`));
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'CASSETTE_INVALID'],
    ['no JSON', '{', 'CASSETTE_INVALID'],
    ['another file', '{"name":"x"}', 'CASSETTE_INVALID'],
    ['a later version', '{"schemaVersion":2}', 'CASSETTE_VERSION'],
    ['depth', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, 'CASSETTE_INVALID'],
    ['a prototype', '{"schemaVersion":1,"__proto__":{"a":1}}', 'CASSETTE_INVALID'],
  ])('is refused in one line: %s', async (_what, text, code) => {
    const file = join(await tempHome(), `bad${CASSETTE_SUFFIX}`);
    await writeFile(file, text);
    const error: UsageError = await readCassette(file).then(
      () => expect.fail('It was read.'),
      (thrown: UsageError) => thrown,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(file);
    expect(error.message).not.toContain('\n');
    expect(error.hint).toBeDefined();
  });

  it('is refused, never half read, when anything in it is changed to something else', async () => {
    const text = JSON.stringify(await recorded());
    const file = join(await tempHome(), `changed${CASSETTE_SUFFIX}`);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.constantFrom('', '"', '{', '9', 'null,'),
        async (at, piece) => {
          await writeFile(file, text.slice(0, at) + piece + text.slice(at + 1));
          const ended = await readCassette(file).catch((thrown: unknown) => thrown);
          expect(
            ended instanceof UsageError || (ended as { kind?: string }).kind === 'sluicegate-cassette',
          ).toBe(true);
        },
      ),
      { seed: 7, numRuns: 60 },
    );
  });

  it('is missing only when there is no such file', async () => {
    const folder = await tempHome();
    await expect(readCassette(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'CASSETTE_MISSING' });
    await expect(listCassettes(folder)).rejects.toMatchObject({ code: 'CASSETTES_NONE' });
    await mkdir(join(folder, 'folder.json'));
    await expect(readCassette(join(folder, 'folder.json'))).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('verifying a cassette', () => {
  it('finds one fresh that the graph still makes the calls of', async () => {
    const live = model.i;
    const cassette = await recorded();
    const after = model.i;
    expect(await verifyCassette(cassette, { graph: agent('be kind') })).toEqual({
      status: 'fresh',
      reasons: [],
    });
    expect(model.i).toBe(after);
    expect(after).not.toBe(live);
  });

  it('says of a stale one which call is another one now, and which is gone', async () => {
    const cassette = await recorded('be kind', 2);
    expect(await verifyCassette(cassette, { graph: agent('be brief', 1) })).toEqual({
      status: 'stale',
      reasons: [
        'node answer, model call 1 (FakeListChatModel) is not as it was recorded: node answer, model call 1 (FakeListChatModel): [0].content differs at character 3: recorded "be kind 0", now "be brief 0".',
        'node answer, model call 2 (FakeListChatModel) was recorded and is not made any more.',
      ],
    });
  });

  it('says of one without its input that it cannot be played', async () => {
    const cassette = await recorded();
    const spans = cassette.trace.spans.map(({ inputs: _inputs, ...span }) => span);
    const verdict = await verifyCassette(
      { ...cassette, trace: { ...cassette.trace, spans } },
      { graph: agent('be kind') },
    );
    expect(verdict.status).toBe('unplayable');
    expect(verdict.reasons[0]).toMatch(/has no recorded input/);
  });
});

describe('a deck of cassettes', () => {
  it('plays the one with the same input, in whatever form its messages are', async () => {
    const folder = await tempHome();
    const cassette = await recorded();
    await saveCassette(cassette, `${folder}/`);
    const deck = await CassetteDeck.open(folder);
    const after = model.i;
    for (const form of [
      { role: 'user', content: 'hello' },
      { type: 'human', content: 'hello' },
      new HumanMessage('hello'),
    ]) {
      const { trace } = await deck.play(agent('be kind'), { messages: [form] }, options);
      expect(rootSpan(trace).outputs).toEqual(rootSpan(cassette.trace).outputs);
    }
    expect(model.i).toBe(after);
  });

  it('reaches no verdict with a cassette that is stale, or where there is none', async () => {
    const file = await saveCassette(await recorded(), `${await tempHome()}/`);
    const deck = await CassetteDeck.open(file);
    await expect(deck.play(agent('be brief'), input, options)).rejects.toMatchObject({
      code: 'CASSETTE_STALE',
    });
    await expect(
      deck.play(agent('be kind'), { messages: [new AIMessage('hello')] }, options),
    ).rejects.toMatchObject({ code: 'CASSETTE_MISSING' });
  });

  it('refuses two with the same input', async () => {
    const folder = await tempHome();
    for (let made = 0; made < 2; made += 1) await saveCassette(await recorded(), `${folder}/`);
    await expect(CassetteDeck.open(folder)).rejects.toMatchObject({ code: 'CASSETTE_TWICE' });
  });
});
