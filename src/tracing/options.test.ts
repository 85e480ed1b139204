import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.ts';
import { resolveTraceOptions, type TraceOptions } from './options.ts';

const resolve = (options: TraceOptions = {}, env: Record<string, string> = {}) =>
  resolveTraceOptions(options, env, '/app');

describe('resolveTraceOptions', () => {
  it('keeps everything in .sluice under the working directory by default', () => {
    expect(resolve()).toMatchObject({
      enabled: true,
      home: '/app/.sluice',
      sampleRate: 1,
      hideInputs: false,
      hideOutputs: false,
      handleSignals: true,
    });
  });

  it('takes an option over SLUICE_*, that over LANGSMITH_*, that over LANGCHAIN_*', () => {
    const env = { LANGCHAIN_TRACING_SAMPLE_RATE: '0.1' };
    expect(resolve({}, env).sampleRate).toBe(0.1);
    Object.assign(env, { LANGSMITH_TRACING_SAMPLING_RATE: '0.2' });
    expect(resolve({}, env).sampleRate).toBe(0.2);
    Object.assign(env, { SLUICE_SAMPLE_RATE: '0.3' });
    expect(resolve({}, env).sampleRate).toBe(0.3);
    expect(resolve({ sampleRate: 0 }, env).sampleRate).toBe(0);
    expect(resolve({}, { LANGSMITH_HIDE_INPUTS: 'true' })).toMatchObject({
      hideInputs: true,
      hideOutputs: false,
    });
    expect(resolve({}, { LANGCHAIN_HIDE_OUTPUTS: '1', SLUICE_HIDE_OUTPUTS: 'false' }).hideOutputs).toBe(
      false,
    );
    expect(resolve({}, { SLUICE_TRACING: 'false' }).enabled).toBe(false);
    expect(resolve({ home: 'elsewhere' }, { SLUICE_HOME: '/var/sluice' }).home).toBe('/app/elsewhere');
    expect(resolve({}, { SLUICE_HOME: '/var/sluice' }).home).toBe('/var/sluice');
  });

  it.each([
    [{ sampleRate: 2 }, {}, /sampleRate/],
    [{ sampleRate: Number.NaN }, {}, /sampleRate/],
    [{ samplerate: 0.5 } as TraceOptions, {}, /samplerate/],
    [{ maxBufferBytes: -1 }, {}, /maxBufferBytes/],
    [{}, { SLUICE_SAMPLE_RATE: 'abc' }, /SLUICE_SAMPLE_RATE must be a number from 0 to 1, not "abc"/],
    [{}, { LANGSMITH_TRACING_SAMPLING_RATE: '7' }, /LANGSMITH_TRACING_SAMPLING_RATE/],
    [{}, { SLUICE_HIDE_INPUTS: 'yes please' }, /SLUICE_HIDE_INPUTS must be true or false/],
  ])('refuses %j with %j by name', (options, env, message) => {
    expect(() => resolve(options, env as Record<string, string>)).toThrow(UsageError);
    expect(() => resolve(options, env as Record<string, string>)).toThrow(message);
  });
});
