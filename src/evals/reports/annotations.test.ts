import { describe, expect, it } from 'vitest';
import { sampleRun } from '../../../test/support/sample-run.ts';
import { annotationLines } from './annotations.ts';

describe('annotations', () => {
  const { verdict, evidence } = sampleRun({ examples: 60, repeats: 5, worse: 0.2 });
  const lines = new Map([...evidence].map(([id, { line }]) => [id, line ?? 0]));
  const options = { verdict, suite: 'support', file: 'data/golden, v1.jsonl', lines };

  it('mark lines of the dataset, critical ones first, at most ten, and say how many more there are', () => {
    const marks = annotationLines(options);
    expect(marks).toHaveLength(10);
    expect(marks[0]).toMatch(
      /^::error file=data\/golden%2C v1\.jsonl,line=\d+,title=support%3A [\w-]+::Critical: /,
    );
    expect(marks.slice(0, 9).join('\n')).not.toContain('more examples');
    expect(marks[9]).toMatch(/\(and \d+ more examples: see the report\)$/);
  });

  it('are warnings where the gate did not fail', () => {
    const marks = annotationLines({ ...options, verdict: { ...verdict, status: 'pass' } });
    expect(marks.every((mark) => mark.startsWith('::warning '))).toBe(true);
  });

  it('leave out examples whose line is not known', () => {
    expect(annotationLines({ ...options, lines: new Map() })).toEqual([]);
  });

  it('are one command each, whatever an agent says', () => {
    const hostile = '%0A::set-env name=x::y\n::add-mask::a\r\u001B[31m, : \u2028::error::';
    const change = { key: 'k', before: 1, after: 0, agentFailed: false, comment: hostile };
    const [mark = '', ...others] = annotationLines({
      ...options,
      verdict: { ...verdict, critical: [], worse: [{ ...change, exampleId: `e${hostile}` }] },
      lines: new Map([[`e${hostile}`, 3]]),
    });
    expect(others).toEqual([]);
    expect(mark).not.toMatch(/[\p{Cc}\p{Zl}]/u);
    const [, properties = '', message = ''] = /^::error (.*?)::(.*)$/.exec(mark) ?? [];
    expect(properties.split(',').map((property) => property.split('=')[0])).toEqual([
      'file',
      'line',
      'title',
    ]);
    expect(message).toContain('%250A::set-env');
  });
});
