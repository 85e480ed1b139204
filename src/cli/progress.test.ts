import { describe, expect, it } from 'vitest';
import { createProgress, formatDuration } from './progress.ts';

function setup(isTerminal: boolean, columns = 80) {
  const written: string[] = [];
  let nowMs = 0;
  const progress = createProgress({
    output: { write: (text) => written.push(text), isTerminal, columns, color: false },
    clock: { now: () => nowMs },
  });
  const at = (ms: number) => {
    nowMs = ms;
  };
  return { written, progress, at };
}

describe('progress on a terminal', () => {
  it('redraws one line with the time left, and removes it', () => {
    const { written, progress, at } = setup(true);
    progress.update({ done: 0, total: 100 });
    at(10_000);
    progress.update({ done: 25, total: 100, note: '2 agent failures' });
    progress.close();
    progress.close();
    expect(written).toEqual([
      `\r\u001B[2K[${' '.repeat(24)}] 0/100 (0%)`,
      `\r\u001B[2K[${'='.repeat(6)}${' '.repeat(18)}] 25/100 (25%), 30s left, 2 agent failures`,
      '\r\u001B[2K',
    ]);
  });

  it('draws at most every 100 ms, and always the end', () => {
    const { written, progress, at } = setup(true);
    for (let done = 0; done <= 1_000; done += 1) {
      at(done * 0.2);
      progress.update({ done, total: 1_000 });
    }
    expect(written).toHaveLength(3);
    expect(written.at(-1)).toContain('1000/1000 (100%)');
  });

  it('never takes more than the width', () => {
    const { written, progress } = setup(true, 30);
    progress.update({ done: 5, total: 10, note: 'x'.repeat(100) });
    expect(written[0]?.replace('\r\u001B[2K', '').length).toBe(29);
  });
});

describe('progress elsewhere', () => {
  it('is a plain line every tenth, without escape sequences', () => {
    const { written, progress } = setup(false);
    for (let done = 0; done <= 1_000; done += 1) progress.update({ done, total: 1_000 });
    progress.close();
    expect(written).toHaveLength(11);
    expect(written.join('')).not.toContain('\u001B');
    expect(written.at(-1)).toBe('1000/1000 (100%)\n');
  });

  it('is a line every 10 s when the work is slow', () => {
    const { written, progress, at } = setup(false);
    progress.update({ done: 0, total: 1_000 });
    for (let second = 1; second <= 25; second += 1) {
      at(second * 1_000);
      progress.update({ done: second, total: 1_000 });
    }
    expect(written.map((line) => line.split(' ')[0])).toEqual(['0/1000', '10/1000', '20/1000']);
  });

  it('takes the speed from this session alone', () => {
    const { written, progress, at } = setup(false);
    progress.update({ done: 50, total: 100, resumed: 50 });
    at(10_000);
    progress.update({ done: 60, total: 100, resumed: 50 });
    expect(written).toEqual(['50/100 (50%)\n', '60/100 (60%), 40s left\n']);
  });
});

it('formats durations', () => {
  expect([850, 12_400, 185_000, 7_800_000].map(formatDuration)).toEqual(['850ms', '12s', '3m 05s', '2h 10m']);
});
