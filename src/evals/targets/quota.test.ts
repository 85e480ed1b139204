import { describe, expect, it } from 'vitest';
import { isQuotaError, mentionsQuota } from './quota.ts';

describe('a refusal for the limits of a model provider', () => {
  it.each([
    '429 Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM)',
    'You exceeded your current quota, please check your plan and billing details.',
    '{"error":{"type":"insufficient_quota"}}',
    '{"type":"error","error":{"type":"rate_limit_error"}}',
    'MODEL_RATE_LIMIT Troubleshooting URL: https://docs.langchain.com',
    'Error: 429 status code (no body)',
    'RESOURCE_EXHAUSTED: quota exceeded',
    'ThrottlingException: slow down',
  ])('is read from %j', (message) => {
    expect(mentionsQuota(message)).toBe(true);
  });

  it.each([
    'Order 429 was not found.',
    'The tax rate limits what we can refund.',
    'HTTP 500: Internal Server Error',
    'Recursion limit of 25 reached without hitting a stop condition.',
    '',
    undefined,
  ])('is not read from %j', (message) => {
    expect(mentionsQuota(message)).toBe(false);
  });

  it('is found by status, code and name, also of what caused an error', () => {
    expect(isQuotaError(Object.assign(new Error('no'), { status: 429 }))).toBe(true);
    expect(isQuotaError(Object.assign(new Error('no'), { lc_error_code: 'MODEL_RATE_LIMIT' }))).toBe(true);
    expect(isQuotaError(Object.assign(new Error('no'), { code: 'insufficient_quota' }))).toBe(true);
    const deep = new Error('node failed', { cause: Object.assign(new Error('x'), { status: 429 }) });
    expect(isQuotaError(deep)).toBe(true);
    expect(isQuotaError(Object.assign(new Error('no'), { status: 500 }))).toBe(false);
    expect(isQuotaError('429')).toBe(false);
  });

  it('ends the search of causes that go in a circle', () => {
    const loop: Error & { cause?: unknown } = new Error('a');
    loop.cause = loop;
    expect(isQuotaError(loop)).toBe(false);
  });
});
