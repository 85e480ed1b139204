import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';

const policy = { failures: 3, openMs: 1_000 };

describe('CircuitBreaker', () => {
  it('opens after so many failures in a row, and not after as many with a success between', () => {
    const breaker = new CircuitBreaker(policy);
    breaker.failed(0);
    breaker.failed(0);
    breaker.succeeded();
    breaker.failed(0);
    breaker.failed(0);
    expect(breaker.state(0)).toBe('closed');
    expect(breaker.waitMs(0)).toBe(0);
    breaker.failed(10);
    expect(breaker.state(10)).toBe('open');
    expect(breaker.waitMs(10)).toBe(1_000);
    expect(breaker.waitMs(1_009)).toBe(1);
  });

  it('lets a probe through when its time is up; the probe closes it or opens it again', () => {
    const breaker = new CircuitBreaker(policy);
    for (let n = 0; n < 3; n += 1) breaker.failed(0);
    expect(breaker.state(1_000)).toBe('half_open');
    breaker.failed(1_000);
    expect(breaker.state(1_999)).toBe('open');
    expect(breaker.state(2_000)).toBe('half_open');
    breaker.succeeded();
    expect(breaker.state(2_000)).toBe('closed');
    expect(breaker.failures).toBe(0);
  });
});
