import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.ts';
import { optionsKey, resolveTraceOptions } from './options.ts';
import type { TraceOptions } from './options-schema.ts';

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

  it('keeps errors, hides and redacts nothing by default', () => {
    expect(resolve()).toMatchObject({
      keep: [{ type: 'error', scope: 'any_span' }],
      hideMetadata: false,
      keepErrorMessages: false,
      redact: false,
      maxDroppedTraces: 200,
      maxDroppedBytes: 16 * 1024 * 1024,
    });
    expect(resolve({}, { LANGCHAIN_HIDE_METADATA: 'true' }).hideMetadata).toBe(true);
    expect(resolve({ hideMetadata: false }, { SLUICE_HIDE_METADATA: 'true' }).hideMetadata).toBe(false);
    expect(resolve({ hideInputs: [{ tool: 'lookup' }] }).hideInputs).toEqual([{ tool: 'lookup' }]);
  });

  it('gives equal options one key, and others another', () => {
    const mine = () => true;
    const key = (options: TraceOptions) => optionsKey(resolve(options));
    const rule = (predicate: () => boolean): TraceOptions => ({
      keep: [{ type: 'custom', name: 'a', predicate }],
    });
    expect(key(rule(mine))).toBe(key(rule(mine)));
    expect(key(rule(mine))).not.toBe(key(rule(() => true)));
    expect(key({ redact: [/a/g] })).toBe(key({ redact: [/a/g] }));
    expect(key({ redact: [/a/g] })).not.toBe(key({ redact: [/a/gi] }));
  });

  it.each([
    [{ sampleRate: 2 }, 'traceGraph: sampleRate: must be at most 1.'],
    [{ sampleRate: '0.1' }, 'traceGraph: sampleRate: must be a number.'],
    [{ enabled: 'yes' }, 'traceGraph: enabled: must be true or false.'],
    [{ home: '' }, 'traceGraph: home: must not be empty.'],
    [{ maxSpoolBytes: 0 }, 'traceGraph: maxSpoolBytes: must be more than 0.'],
    [{ maxQueuedTraces: 1.5 }, 'traceGraph: maxQueuedTraces: must be a whole number.'],
    [{ keep: 'error' }, 'traceGraph: keep: must be a list.'],
    [{ samplerate: 1 }, 'traceGraph: there is no option "samplerate"; did you mean "sampleRate"?'],
    [{ hide_inputs: true }, 'traceGraph: there is no option "hide_inputs"; did you mean "hideInputs"?'],
    [{ colour: 'red' }, 'traceGraph: there is no option "colour".'],
    [
      { langsmith: true },
      'traceGraph: langsmith: must be false or an object such as {apiKey, endpoint, project, workspaceId}.',
    ],
    [
      { logger: { warn() {} } },
      'traceGraph: logger: must be an object with the functions warn and error, such as console.',
    ],
    [
      { logger: null },
      'traceGraph: logger: must be an object with the functions warn and error, such as console.',
    ],
    [null, 'traceGraph: options: must be an object.'],
    [[], 'traceGraph: options: must be an object.'],
  ])('says of %j what would be right', (options, message) => {
    expect(() => resolve(options as unknown as TraceOptions)).toThrow(
      expect.objectContaining({ code: 'TRACE_OPTIONS_INVALID', message }),
    );
  });

  it.each([
    [{ sampleRate: 2 }, {}, /sampleRate/],
    [{ sampleRate: Number.NaN }, {}, /sampleRate/],
    [{ samplerate: 0.5 } as TraceOptions, {}, /samplerate/],
    [{ maxBufferBytes: -1 }, {}, /maxBufferBytes/],
    [{ hideInputs: [{}] }, {}, /hideInputs.*a place needs at least one field/],
    [{ hideInputs: [] }, {}, /hideInputs/],
    [{ hideOutputs: [{ tol: 'x' }] } as unknown as TraceOptions, {}, /hideOutputs.*tol/],
    [
      { hideOutputs: 'yes' } as unknown as TraceOptions,
      {},
      /hideOutputs: must be true, false or a list of places/,
    ],
    [{ redact: ['emial'] } as unknown as TraceOptions, {}, /redact.*must be "email", "phone"/],
    [{ redact: [{ path: 'a..b' }] }, {}, /redact/],
    [{ redact: [{ name: 'a b', pattern: /x/ }] }, {}, /redact/],
    [{ keep: [{ type: 'path', rate: 1 }] } as TraceOptions, {}, /keep.0: a path needs/],
    [{ keep: [{ type: 'path', tag: 'a', rate: 2 }] } as TraceOptions, {}, /keep.0.rate/],
    [{ keep: [{ type: 'slow' }] } as unknown as TraceOptions, {}, /keep.0.type/],
    [{ keep: [{ type: 'custom', name: 'a' }] } as unknown as TraceOptions, {}, /keep.0.predicate/],
    [{}, { LANGSMITH_HIDE_METADATA: 'maybe' }, /LANGSMITH_HIDE_METADATA must be true or false/],
    [{}, { SLUICE_SAMPLE_RATE: '0x1' }, /SLUICE_SAMPLE_RATE must be a number from 0 to 1, not "0x1"/],
    [
      {},
      { SLUICE_RETENTION_DAYS: '1e3' },
      /SLUICE_RETENTION_DAYS must be a number of days, 0 for never, not "1e3"/,
    ],
    [{ redact: [{ path: 'a..b' }] }, {}, /must be keys joined by dots, such as customer.address/],
    [{}, { SLUICE_SAMPLE_RATE: 'abc' }, /SLUICE_SAMPLE_RATE must be a number from 0 to 1, not "abc"/],
    [{}, { LANGSMITH_TRACING_SAMPLING_RATE: '7' }, /LANGSMITH_TRACING_SAMPLING_RATE/],
    [{}, { SLUICE_HIDE_INPUTS: 'yes please' }, /SLUICE_HIDE_INPUTS must be true or false/],
  ])('refuses %j with %j by name', (options, env, message) => {
    expect(() => resolve(options, env as Record<string, string>)).toThrow(UsageError);
    expect(() => resolve(options, env as Record<string, string>)).toThrow(message);
  });
});
