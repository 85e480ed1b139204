import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleRun } from '../../../test/support/sample-run.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { commentMarker, MAX_COMMENT_CHARS, upsertComment } from './comment.ts';
import { commentBody, commentName } from './comment-body.ts';
import { currentPullRequest, type PullRequest } from './pull-request.ts';

const TOKEN = 'ghs_secretSecretSecret';

interface StoredComment {
  id: number;
  body: string;
  html_url: string;
  author_association: string;
  user: { type: string };
}

/** A stand-in for the comments of one pull request behind GitHub's REST API. */
let comments: StoredComment[];
let calls: string[];
/** Answers in place of the API; undefined: it answers itself. */
let instead: { status: number; body: string; location?: string } | undefined;
let server: Server;
let pullRequest: PullRequest;

const stored = (id: number, body: string, more: Partial<StoredComment> = {}): StoredComment => ({
  id,
  body,
  html_url: `https://github.test/c/${id}`,
  author_association: 'NONE',
  user: { type: 'Bot' },
  ...more,
});

beforeEach(async () => {
  comments = [];
  calls = [];
  instead = undefined;
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://x');
      calls.push(`${request.method} ${url.pathname}`);
      const answer = (status: number, value: unknown) =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (instead !== undefined) {
        const headers = instead.location === undefined ? {} : { location: instead.location };
        return void response.writeHead(instead.status, headers).end(instead.body);
      }
      if (request.headers.authorization !== `Bearer ${TOKEN}`)
        return answer(401, { message: 'Bad credentials' });
      const body = text === '' ? undefined : (JSON.parse(text) as { body: string }).body;
      if (body !== undefined && body.length > MAX_COMMENT_CHARS) return answer(422, { message: 'too long' });
      if (request.method === 'GET' && url.pathname === '/api/repos/o/r/issues/7/comments') {
        const [size, page] = [Number(url.searchParams.get('per_page')), Number(url.searchParams.get('page'))];
        return answer(200, comments.slice((page - 1) * size, page * size));
      }
      if (request.method === 'POST' && url.pathname === '/api/repos/o/r/issues/7/comments') {
        comments.push(stored(comments.length + 1, body ?? ''));
        return answer(201, comments.at(-1));
      }
      const id = Number(/^\/api\/repos\/o\/r\/issues\/comments\/(\d+)$/.exec(url.pathname)?.[1]);
      const comment = comments.find((each) => each.id === id);
      if (request.method !== 'PATCH' || comment === undefined) return answer(404, { message: 'Not Found' });
      comment.body = body ?? '';
      return answer(200, comment);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  pullRequest = { apiUrl: `http://127.0.0.1:${port}/api`, repository: 'o/r', number: 7, token: TOKEN };
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const upsert = (body: string, name = 'support') =>
  upsertComment(pullRequest, { name, body, fetch, signal: new AbortController().signal });

describe('a comment on a pull request', () => {
  it('is made once and replaced from then on', async () => {
    expect(await upsert('first')).toEqual({ action: 'created', url: 'https://github.test/c/1' });
    expect(await upsert('second')).toEqual({ action: 'updated', url: 'https://github.test/c/1' });
    expect(comments.map(({ body }) => body)).toEqual([`${commentMarker('support')}\nsecond`]);
  });

  it('is one for each suite', async () => {
    await upsert('a');
    await upsert('b', 'support:smoke');
    await upsert('c', 'support-2');
    expect(comments).toHaveLength(3);
  });

  it('is found behind hundreds of others', async () => {
    comments = Array.from({ length: 250 }, (_, index) => stored(index + 1, 'talk'));
    comments[230] = stored(231, `${commentMarker('support')}\nold`);
    expect((await upsert('new')).action).toBe('updated');
    expect(comments[230]?.body).toContain('new');
  });

  it('replaces none that a stranger wrote with its marker', async () => {
    comments = [stored(1, `${commentMarker('support')}\nmine`, { user: { type: 'User' } })];
    expect((await upsert('new')).action).toBe('created');
    expect(comments[0]?.body).toContain('mine');
    comments = [
      stored(1, `${commentMarker('support')}\nours`, {
        user: { type: 'User' },
        author_association: 'MEMBER',
      }),
    ];
    expect((await upsert('new')).action).toBe('updated');
  });

  it('says what GitHub answered and what to do, and never the token', async () => {
    instead = { status: 403, body: '{"message":"Resource not accessible by integration"}' };
    const error = await upsert('x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'COMMENT_FAILED',
      hint: expect.stringContaining('pull-requests: write'),
    });
    expect(String(error)).toContain('403: Resource not accessible by integration');
    instead = { status: 200, body: '<html>a proxy</html>' };
    await expect(upsert('x')).rejects.toThrow('not what the API of GitHub gives');
    instead = { status: 302, body: '', location: 'http://127.0.0.1:1/elsewhere' };
    await expect(upsert('x')).rejects.toThrow('302');
    pullRequest = { ...pullRequest, apiUrl: 'http://127.0.0.1:1' };
    const refused = await upsert('x').catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: 'COMMENT_FAILED' });
    for (const thrown of [error, refused])
      expect(JSON.stringify([String(thrown), thrown])).not.toContain(TOKEN);
  });

  it('has a marker that no name can end', () => {
    expect(commentMarker('a-->b')).toBe('<!-- sluicegate:a%2D%2D%3Eb -->');
  });
});

describe('the text of a comment', () => {
  it('is the summary with a link to the run', () => {
    const { results, verdict } = sampleRun({ examples: 40 });
    const body = commentBody({ results, verdict, runUrl: 'https://github.test/o/r/actions/runs/5' });
    expect(body).toMatch(/^## ❌ FAIL \(\w+\): support-agent/);
    expect(body).toContain('[Report of this run](https://github.test/o/r/actions/runs/5)');
    expect(commentName(results)).toBe('support-agent');
    expect(commentName({ head: { ...results.head, split: 'smoke' } })).toBe('support-agent:smoke');
  });

  it('always fits', () => {
    const { results, verdict } = sampleRun({ examples: 400, worse: 0.9, hostile: '<'.repeat(300) });
    const reasons = Array.from({ length: 300 }, (_, index) => ({
      code: 'X',
      effect: 'warning' as const,
      message: `${index} ${'<'.repeat(400)}`,
    }));
    for (const each of [verdict, { ...verdict, reasons }]) {
      const body = commentBody({ results, verdict: each, runUrl: 'https://github.test/o/r/actions/runs/5' });
      const whole = `${commentMarker('support-agent')}\n${body}`;
      expect(whole.length).toBeLessThanOrEqual(MAX_COMMENT_CHARS);
      expect(body).toContain('[Report of this run]');
    }
  });
});

describe('the pull request of a workflow', () => {
  async function from(event: unknown, env: Record<string, string | undefined> = {}) {
    await using dir = await tempDir();
    const path = join(dir.path, 'event.json');
    await writeFile(path, typeof event === 'string' ? event : JSON.stringify(event));
    return await currentPullRequest({
      GITHUB_EVENT_PATH: path,
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_TOKEN: TOKEN,
      GITHUB_RUN_ID: '5',
      ...env,
    });
  }

  it('is read from what Actions gives a step', async () => {
    expect(await from({ pull_request: { number: 7, title: 'x' }, action: 'opened' })).toEqual({
      apiUrl: 'https://api.github.com',
      repository: 'o/r',
      number: 7,
      token: TOKEN,
      runUrl: 'https://github.com/o/r/actions/runs/5',
    });
    const enterprise = { GITHUB_API_URL: 'https://g.test/api/v3/', GITHUB_SERVER_URL: 'https://g.test' };
    expect(await from({ pull_request: { number: 7 } }, enterprise)).toMatchObject({
      apiUrl: 'https://g.test/api/v3',
      runUrl: 'https://g.test/o/r/actions/runs/5',
    });
  });

  it('is none for a push', async () => {
    expect(await from({ ref: 'refs/heads/main' })).toBeUndefined();
  });

  it('names the variable that is missing or wrong', async () => {
    const event = { pull_request: { number: 7 } };
    for (const [env, message] of [
      [{ GITHUB_TOKEN: undefined }, 'GITHUB_TOKEN'],
      [{ GITHUB_REPOSITORY: 'o/r/../x' }, 'GITHUB_REPOSITORY'],
      [{ GITHUB_EVENT_PATH: '/nowhere/event.json' }, 'GITHUB_EVENT_PATH'],
    ] as const)
      await expect(from(event, env)).rejects.toMatchObject({
        code: 'COMMENT_UNAVAILABLE',
        exitCode: 2,
        message: expect.stringContaining(message),
      });
    await expect(from('{')).rejects.toThrow('GITHUB_EVENT_PATH');
    await expect(currentPullRequest({})).rejects.toThrow('There is no GITHUB_EVENT_PATH');
  });
});
