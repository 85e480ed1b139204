import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errorMessage, UsageError } from '../../core/index.ts';

/** A pull request of GitHub, and how to write to it. */
export interface PullRequest {
  /** Without a slash at the end. */
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly number: number;
  /** Never printed. */
  readonly token: string;
  /** The page of the workflow run; absent outside one. */
  readonly runUrl?: string;
}

const eventSchema = z.object({ pull_request: z.object({ number: z.number().int().positive() }).optional() });

const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;

/**
 * The pull request that a workflow of GitHub Actions runs for, from the environment that Actions gives its steps and a
 * `GITHUB_TOKEN`. Undefined in a workflow that runs for something else, such as a push.
 *
 * @throws UsageError `COMMENT_UNAVAILABLE` naming the variable that is missing or wrong.
 */
export async function currentPullRequest(
  env: Readonly<Record<string, string | undefined>>,
): Promise<PullRequest | undefined> {
  const eventPath = required(env, 'GITHUB_EVENT_PATH', 'A comment is made in a workflow of GitHub Actions.');
  const number = (await readEvent(eventPath)).pull_request?.number;
  if (number === undefined) return undefined;
  const repository = required(env, 'GITHUB_REPOSITORY', 'It names the repository as owner/name.');
  if (!REPOSITORY.test(repository))
    throw new UsageError('COMMENT_UNAVAILABLE', 'GITHUB_REPOSITORY is not of the form owner/name.');
  const token = required(
    env,
    'GITHUB_TOKEN',
    'Give it to the step: env: { GITHUB_TOKEN: $' + '{{ github.token }} }',
  );
  const runId = env['GITHUB_RUN_ID'];
  const server = (env['GITHUB_SERVER_URL'] || 'https://github.com').replace(/\/+$/, '');
  return {
    apiUrl: (env['GITHUB_API_URL'] || 'https://api.github.com').replace(/\/+$/, ''),
    repository,
    number,
    token,
    ...(runId !== undefined && /^\d+$/.test(runId)
      ? { runUrl: `${server}/${repository}/actions/runs/${runId}` }
      : {}),
  };
}

function required(env: Readonly<Record<string, string | undefined>>, name: string, hint: string): string {
  const value = env[name];
  if (value) return value;
  throw new UsageError('COMMENT_UNAVAILABLE', `There is no ${name}, so no comment can be made.`, { hint });
}

async function readEvent(path: string): Promise<z.infer<typeof eventSchema>> {
  try {
    return eventSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new UsageError(
      'COMMENT_UNAVAILABLE',
      `GITHUB_EVENT_PATH: ${path} cannot be read: ${errorMessage(error)}`,
      { cause: error },
    );
  }
}
