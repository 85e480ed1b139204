import { z } from 'zod';
import { errorMessage, NoVerdictError } from '../../core/index.ts';
import type { PullRequest } from './pull-request.ts';

/** GitHub refuses a longer comment. */
export const MAX_COMMENT_CHARS = 65_536;

/** Options of {@link upsertComment}. */
export interface UpsertCommentOptions {
  /** Names what the comment is about: a later one of the same name replaces it. */
  readonly name: string;
  /** Markdown, of at most {@link MAX_COMMENT_CHARS} with the marker of the name. */
  readonly body: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** What was done. */
export interface UpsertedComment {
  readonly action: 'created' | 'updated';
  /** Its page. */
  readonly url: string;
}

const TIMEOUT_MS = 20_000;
const PER_PAGE = 100;
/** Pages of comments that are looked through: a pull request with more has one more comment. */
const MAX_PAGES = 30;

const commentSchema = z.object({
  id: z.number().int().positive(),
  body: z.string().nullish(),
  html_url: z.string().default(''),
  author_association: z.string().optional(),
  user: z.object({ type: z.string().optional() }).nullish(),
});
type GitHubComment = z.infer<typeof commentSchema>;

/** Who may be the author of a comment that is replaced: anyone else could put the marker into one of their own. */
const TRUSTED = new Set(['OWNER', 'MEMBER', 'COLLABORATOR']);

/** The hidden first line by which a later run finds its comment. */
export function commentMarker(name: string): string {
  // Hyphens in a row would end the comment of HTML.
  return `<!-- sluicegate:${encodeURIComponent(name).replaceAll('-', '%2D')} -->`;
}

/**
 * Puts a comment on a pull request, or replaces the one that an earlier run of the same name made, so that there is ever
 * one. By the REST API of GitHub ("Issue comments"); the token needs `pull-requests: write`.
 *
 * @throws NoVerdictError `COMMENT_FAILED` saying what GitHub answered. The token is in no message.
 */
export async function upsertComment(
  pullRequest: PullRequest,
  options: UpsertCommentOptions,
): Promise<UpsertedComment> {
  const marker = commentMarker(options.name);
  const { repository, number } = pullRequest;
  const body = JSON.stringify({ body: `${marker}\n${options.body}` });
  const call = (method: string, path: string) => request(pullRequest, { ...options, method, path, body });
  const earlier = await findComment(pullRequest, marker, options);
  const answer =
    earlier === undefined
      ? await call('POST', `/repos/${repository}/issues/${number}/comments`)
      : await call('PATCH', `/repos/${repository}/issues/comments/${earlier.id}`);
  const { html_url: url } = parse(commentSchema, answer);
  return { action: earlier === undefined ? 'created' : 'updated', url };
}

async function findComment(
  pullRequest: PullRequest,
  marker: string,
  options: UpsertCommentOptions,
): Promise<GitHubComment | undefined> {
  const { repository, number } = pullRequest;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const path = `/repos/${repository}/issues/${number}/comments?per_page=${PER_PAGE}&page=${page}`;
    const comments = parse(
      z.array(commentSchema),
      await request(pullRequest, { ...options, method: 'GET', path }),
    );
    const found = comments.find((comment) => isOwn(comment, marker));
    if (found !== undefined || comments.length < PER_PAGE) return found;
  }
  return undefined;
}

function isOwn({ body, user, author_association: association }: GitHubComment, marker: string): boolean {
  if (body?.startsWith(marker) !== true) return false;
  return user?.type === 'Bot' || TRUSTED.has(association ?? '');
}

interface ApiRequest extends Pick<UpsertCommentOptions, 'fetch' | 'signal'> {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

async function request({ apiUrl, token }: PullRequest, { method, path, body, ...options }: ApiRequest) {
  let response: Response;
  let text: string;
  try {
    response = await options.fetch(`${apiUrl}${path}`, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': 'sluicegate',
        'x-github-api-version': '2022-11-28',
      },
      // The token is for this host alone.
      redirect: 'manual',
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(method === 'GET' || body === undefined ? {} : { body }),
    });
    text = await response.text();
  } catch (error) {
    throw failed(`${method} ${path} got no answer: ${errorMessage(error)}`, { cause: error });
  }
  if (response.ok) return text;
  const why = messageOf(text);
  throw failed(`${method} ${path} was answered with ${response.status}${why === '' ? '' : `: ${why}`}`, {
    hint:
      response.status === 403 || response.status === 404
        ? 'The job needs permissions: { pull-requests: write }. Workflows for pull requests from forks cannot have it.'
        : undefined,
  });
}

function messageOf(text: string): string {
  const parsed = z.object({ message: z.string() }).safeParse(jsonOf(text));
  return parsed.success ? parsed.data.message.replace(/\s+/g, ' ').slice(0, 200) : '';
}

/** Undefined for what is no JSON, such as the page of a proxy. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parse<Value>(schema: z.ZodType<Value>, text: string): Value {
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw failed('the answer is not what the API of GitHub gives', { cause: parsed.error });
}

function failed(message: string, options: { readonly hint?: string | undefined; readonly cause?: unknown }) {
  return new NoVerdictError('COMMENT_FAILED', `The comment could not be made: ${message}.`, options);
}
