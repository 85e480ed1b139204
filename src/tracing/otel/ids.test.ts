import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { otelSpanId, otelTraceId } from './index.ts';

describe('OpenTelemetry ids of runs', () => {
  it('are the bits of the run id', () => {
    const id = '0199A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b';
    expect(otelTraceId(id)).toBe('0199a1b2c3d47e5f8a9b0c1d2e3f4a5b');
    expect(otelSpanId(id)).toBe('8a9b0c1d2e3f4a5b');
  });

  it('are valid and the same every time, whatever the caller named the run', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uuid(), fc.string()), (id) => {
        expect(otelTraceId(id)).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
        expect(otelSpanId(id)).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
        expect(otelTraceId(id)).toBe(otelTraceId(id));
        expect(otelTraceId(id).slice(16)).toBe(otelSpanId(id));
      }),
    );
  });

  it('are never zero, which W3C Trace Context forbids', () => {
    const nil = '00000000-0000-0000-0000-000000000000';
    expect(otelTraceId(nil)).toBe(`${'0'.repeat(31)}1`);
    expect(otelSpanId(nil)).toBe(`${'0'.repeat(15)}1`);
    expect(otelSpanId('0199a1b2-c3d4-7e5f-0000-000000000000')).toBe(`${'0'.repeat(15)}1`);
  });
});
