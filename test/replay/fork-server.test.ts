import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Trace } from '../../src/core/index.ts';
import type { ReplayableGraph } from '../../src/replay/contract.ts';
import { forkAtFailure, openCheckpointer } from '../../src/replay/fork/index.ts';
import {
  asking,
  fanOut,
  joined,
  line,
  nested,
  parallel,
  playFork,
  recordRun,
} from '../support/forked-graphs.ts';
import {
  describeLangGraphServer,
  type LangGraphServer,
  startLangGraphServer,
} from '../support/langgraph-server.ts';

const fork = (graph: ReplayableGraph, trace: Trace, url: string) =>
  forkAtFailure(graph, { trace, checkpointer: url, play: playFork });

let server: LangGraphServer;

describeLangGraphServer('a fork of a thread of a LangGraph server', () => {
  beforeAll(async () => {
    server = await startLangGraphServer();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const history = (trace: Trace) => server.get(`/threads/${trace.threadId}/history?limit=100`);

  it('runs the step of the failing node and what follows, and leaves the thread as it was', async () => {
    const trace = await server.run('parallel', { input: { topic: 'x' } });
    expect(trace.outcome).toBe('error');
    const before = await history(trace);
    const ran: string[] = [];
    const forked = await fork(parallel({ mended: true, ran }), trace, server.url);
    expect(ran.toSorted()).toEqual(['failing', 'join', 'quick', 'slow']);
    expect(forked.trace.outcome).toBe('success');
    expect(forked.notes[0]).toMatch(/the whole step of the failing node runs again/);
    expect(await history(trace)).toEqual(before);
  });

  it('goes on inside a subgraph', async () => {
    const trace = await server.run('nested', { input: { topic: 'x' } });
    const ran: string[] = [];
    const forked = await fork(nested({ mended: true, ran }), trace, server.url);
    expect(ran).toEqual(['second', 'third', 'send']);
    expect(forked.trace.spans[0]?.outputs).toMatchObject({
      topic: 'x',
      log: expect.arrayContaining(['find', 'first', 'second', 'third', 'send']),
    });
  });

  it('remembers which nodes an edge has waited for, and makes messages of messages', async () => {
    const trace = await server.run('joined', { input: { messages: [{ type: 'human', content: 'hi' }] } });
    const ran: string[] = [];
    const forked = await fork(joined({ mended: true, ran }), trace, server.url);
    expect(ran).toEqual(['late', 'last']);
    expect(JSON.stringify(forked.trace.spans[0]?.outputs)).toContain('late, after human,ai');
  });

  it('refuses what the server does not tell: what was sent, and what was answered', async () => {
    const sent = await server.run('fanOut', { input: { topic: 'x' } });
    await expect(fork(fanOut({ mended: true }), sent, server.url)).rejects.toMatchObject({
      code: 'FORK_SENDS_UNKNOWN',
      exitCode: 3,
    });
    const asked = await server.run('asking', { input: { topic: 'x' } }, { command: { resume: 'yes' } });
    expect(asked.outcome).toBe('error');
    await expect(fork(asking({ mended: true }), asked, server.url)).rejects.toMatchObject({
      code: 'FORK_ANSWER_UNKNOWN',
      exitCode: 3,
    });
  });

  it('says that a thread is not there', async () => {
    for (const threadId of ['00000000-0000-4000-8000-000000000000', 'no-uuid']) {
      const trace = await recordRun(line({}), undefined, { threadId });
      await expect(fork(line({}), trace, server.url)).rejects.toMatchObject({
        code: 'FORK_THREAD_GONE',
        message: `Thread ${threadId} is not in ${server.url}.`,
      });
    }
  });

  it('cannot write', async () => {
    await using source = await openCheckpointer(server.url);
    await expect(source.saver.put()).rejects.toMatchObject({ code: 'CHECKPOINT_WRITE_BLOCKED' });
  });
});

describe('a LangGraph server that does not answer as one', () => {
  it.each([
    [401, '{}', 'CHECKPOINTER_DENIED', /answered 401/],
    [500, 'oops', 'CHECKPOINTER_FAILED', /answered 500/],
    [200, '<html>', 'CHECKPOINTER_UNREACHABLE', /does not answer/],
    [200, '[{"values":1}]', 'CHECKPOINTER_FAILED', /not answer as a LangGraph server does: 0\.values/],
  ])('%s %s', async (status, body, code, says) => {
    const keys: unknown[] = [];
    const stand = createServer((request, response) => {
      keys.push(request.headers['x-api-key']);
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => stand.listen(0, '127.0.0.1', resolve));
    const url = `http://user:secret@127.0.0.1:${(stand.address() as AddressInfo).port}/base?token=secret`;
    const trace = await recordRun(line({}), undefined, { threadId: '00000000-0000-4000-8000-000000000000' });
    const error = await forkAtFailure(line({}), {
      trace,
      checkpointer: url,
      env: { LANGGRAPH_API_KEY: 'lg-key' },
      play: playFork,
    }).catch((thrown: unknown) => thrown);
    await new Promise((resolve) => stand.close(resolve));
    expect(error).toMatchObject({ code, exitCode: 3, message: expect.stringMatching(says) });
    expect(String(error)).not.toContain('secret');
    expect(keys).toEqual(['lg-key']);
  });
});
