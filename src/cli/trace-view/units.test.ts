import { describe, expect, it } from 'vitest';
import { formatAge, formatDecision, formatDuration, formatMoment } from './units.ts';

describe('units for people', () => {
  it.each([
    [0, '0ms'],
    [0.4, '<1ms'],
    [0.95, '1ms'],
    [999.4, '999ms'],
    [999.5, '1.0s'],
    [1_240, '1.2s'],
    [59_949, '59.9s'],
    [59_950, '1m 00s'],
    [125_000, '2m 05s'],
    [3_599_400, '59m 59s'],
    [3_599_500, '1h 00m'],
    [3_725_000, '1h 02m'],
  ])('%s ms lasts %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it.each([
    [-1, 'in future'],
    [0, '0s ago'],
    [59_999, '59s ago'],
    [60_000, '1m ago'],
    [3_600_000, '1h ago'],
    [86_399_999, '23h ago'],
    [86_400_000, '1d ago'],
  ])('%s ms ago is %s', (ageMs, text) => {
    expect(formatAge(1_000_000, 1_000_000 + ageMs)).toBe(text);
  });

  it('shows a weight with three digits, and a moment that no calendar has as a number', () => {
    expect(formatDecision({ reason: 'sampled', weight: 10 / 3 })).toBe('sampled ×3.33');
    expect(formatDecision({ reason: 'error', weight: 1 })).toBe('error ×1');
    expect(formatMoment(Date.UTC(2026, 10, 22, 1, 2, 3, 999))).toBe('2026-11-22 01:02:03 UTC');
    expect(formatMoment(1e20)).toBe('100000000000000000000 ms');
  });
});
