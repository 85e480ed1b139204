import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../core/index.ts';
import { readRetryAfter } from '../retry-after.ts';
import { langSmithSettings } from './settings.ts';

const KEY = 'lsv2_secret';

function thrownBy(work: () => unknown): UsageError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('langSmithSettings', () => {
  it.each(['LANGSMITH_TRACING', 'LANGSMITH_TRACING_V2', 'LANGCHAIN_TRACING', 'LANGCHAIN_TRACING_V2'])(
    'is on with %s and a key, and off without either',
    (name) => {
      expect(langSmithSettings({ [name]: 'true', LANGSMITH_API_KEY: KEY })).toEqual({
        apiKey: KEY,
        endpoint: 'https://api.smith.langchain.com',
        project: 'default',
      });
      expect(langSmithSettings({ [name]: 'false', LANGSMITH_API_KEY: KEY })).toBeUndefined();
      expect(langSmithSettings({ [name]: 'true' })).toBeUndefined();
      expect(langSmithSettings({ LANGSMITH_API_KEY: KEY })).toBeUndefined();
    },
  );

  it('takes each field from the options, then LANGSMITH_, then LANGCHAIN_', () => {
    const env = {
      LANGCHAIN_TRACING_V2: 'true',
      LANGCHAIN_API_KEY: KEY,
      LANGSMITH_ENDPOINT: '"https://eu.example.com/api/"',
      LANGCHAIN_ENDPOINT: 'https://other.example.com',
      LANGSMITH_PROJECT: ' ',
      LANGCHAIN_SESSION: 'session',
      LANGSMITH_WORKSPACE_ID: 'ws',
    };
    expect(langSmithSettings(env)).toEqual({
      apiKey: KEY,
      endpoint: 'https://eu.example.com/api',
      project: 'session',
      workspaceId: 'ws',
    });
    expect(langSmithSettings(env, { project: 'mine', endpoint: 'http://127.0.0.1:1984/' })).toMatchObject({
      apiKey: KEY,
      endpoint: 'http://127.0.0.1:1984',
      project: 'mine',
    });
  });

  it('is on with an options object and a key from anywhere, and off with false', () => {
    expect(langSmithSettings({}, { apiKey: KEY })).toMatchObject({ apiKey: KEY });
    expect(langSmithSettings({ LANGSMITH_API_KEY: KEY }, {})).toMatchObject({ apiKey: KEY });
    expect(langSmithSettings({ LANGSMITH_TRACING: 'true', LANGSMITH_API_KEY: KEY }, false)).toBeUndefined();
    expect(thrownBy(() => langSmithSettings({}, {}))).toMatchObject({
      code: 'LANGSMITH_SETTINGS_INVALID',
      hint: expect.stringContaining('LANGSMITH_API_KEY'),
    });
  });

  it.each([
    [{ LANGSMITH_TRACING: 'yes' }, 'LANGSMITH_TRACING'],
    [{ LANGSMITH_API_KEY: `${KEY}\nmore` }, 'LANGSMITH_API_KEY'],
    [{ LANGSMITH_ENDPOINT: 'localhost:1984' }, 'LANGSMITH_ENDPOINT'],
    [{ LANGCHAIN_ENDPOINT: 'ftp://x' }, 'LANGCHAIN_ENDPOINT'],
    [{ LANGSMITH_ENDPOINT: `https://user:${KEY}@example.com` }, 'LANGSMITH_ENDPOINT'],
    [{ LANGSMITH_WORKSPACE_ID: 'a b' }, 'LANGSMITH_WORKSPACE_ID'],
    [{ LANGSMITH_RUNS_ENDPOINTS: '[]' }, 'LANGSMITH_RUNS_ENDPOINTS'],
    [{ LANGSMITH_AGENT_ID: 'support' }, 'LANGSMITH_AGENT_ID'],
  ])('names the variable that is wrong, not its value: %o', (bad, name) => {
    const env = { LANGSMITH_TRACING_V2: 'true', LANGSMITH_API_KEY: KEY, ...bad };
    const error = thrownBy(() => langSmithSettings(env));
    expect(error.code).toBe('LANGSMITH_SETTINGS_INVALID');
    expect(error.message).toContain(name);
    expect(error.message).not.toContain(KEY);
  });

  it.each([
    [{ apiKey: `${KEY} ` }, 'langsmith.apiKey'],
    [{ apiKey: KEY, endpoint: 'nowhere' }, 'langsmith.endpoint'],
    [{ apiKey: KEY, project: '' }, 'langsmith.project'],
    [{ apiKey: KEY, projekt: 'x' }, 'projekt'],
    [true, 'langsmith'],
  ])('names the option that is wrong: %o', (options, name) => {
    const error = thrownBy(() => langSmithSettings({}, options as never));
    expect(error.message).toContain(name);
    expect(error.message).not.toContain(KEY);
  });
});

describe('readRetryAfter', () => {
  it.each([
    ['5', 5_000],
    ['0', 0],
    ['999999', 3_600_000],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('reads %o as %o ms', (header, expected) => {
    expect(readRetryAfter(header, 10_000)).toBe(expected);
  });
});
