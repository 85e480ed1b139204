import { describe, expect, it } from 'vitest';
import { makeSpan, makeTrace } from '../../../test/support/traces.ts';
import type { Trace } from '../../core/index.ts';
import { diffTraces, type ReplayResult } from '../../replay/index.ts';
import { renderReplay } from './index.ts';

const HOSTILE = '\u001b[2J\u202Eevil\nFIXED  forged';

function run(prompts: readonly string[]): Trace {
  return makeTrace({
    id: 'root',
    spans: [
      makeSpan({ id: 'root', outputs: { messages: [{ type: 'ai', content: prompts.join(' ') }] } }),
      ...prompts.flatMap((prompt, index) => {
        const name = `node-${index}`;
        const fields = { node: name, step: index, outputs: {} };
        const inputs = { messages: [[{ type: 'system', content: prompt }]] };
        return [
          makeSpan({ id: `n${index}`, parentId: 'root', type: 'node', name, ...fields }),
          makeSpan({ id: `m${index}`, parentId: `n${index}`, type: 'llm', name: 'Chat', inputs }),
        ];
      }),
    ],
  });
}

function shown(before: Trace, after: Trace, more: Partial<ReplayResult> = {}, columns = 100): string {
  const result: ReplayResult = {
    mode: 'recorded',
    verdict: 'same',
    diff: diffTraces(before, after),
    runId: 'r',
    trace: after,
    partial: false,
    calls: [],
    blocked: [],
    notes: [],
    ...more,
  };
  return renderReplay(result, { traceId: 'root', on: './a.ts#graph', color: false, columns });
}

describe('a replay on the terminal', () => {
  it('cannot be made to act or to say another verdict by what was recorded', () => {
    const text = shown(run(['a']), run([HOSTILE]), {
      verdict: 'worse',
      notes: [HOSTILE],
      blocked: [{ kind: 'fetch', what: HOSTILE, at: HOSTILE }],
      calls: [
        { seq: 0, kind: 'tool', name: HOSTILE, ordinal: 0, match: 'miss', inputHash: 'x', nearest: HOSTILE },
      ],
    });
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
    expect(text).not.toMatch(/^FIXED/m);
    expect(text).toMatch(/^WORSE/m);
  });

  it('shows of a long line the part that changed', () => {
    const long = 'x'.repeat(500);
    const text = shown(run([`${long} before ${long}`]), run([`${long} after ${long}`]));
    expect(text).toMatch(/- …x+ before x+…/);
    expect(text).toMatch(/\+ …x+ after x+…/);
  });

  it('shows of a large tree what is around the changes, and counts the rest', () => {
    const prompts = Array.from({ length: 100 }, (_, index) => `prompt ${index}`);
    const text = shown(run(prompts), run(prompts.with(50, 'another')));
    expect(text).toMatch(/ {4}model Chat .*~ .*model Chat/);
    expect(text.split('\n').filter((line) => /^ {2}… \d+ the same$/.test(line))).toEqual([
      '  … 99 the same',
      '  … 96 the same',
    ]);
    for (const line of shown(run(prompts), run(['other']), {}, 60)
      .split('\n')
      .filter((each) => /^ {2}node-\d/.test(each))) {
      expect(line.length).toBeLessThanOrEqual(60);
    }
  });

  it('says which differences are there without the patch', () => {
    const baseline = { outcome: 'success', runId: 'b', diff: diffTraces(run(['a']), run(['b'])) } as const;
    const text = shown(run(['a']), run(['b']), { baseline });
    expect(text).toContain('(not from the patch: the baseline differs here too)');
    expect(text).toMatch(/baseline ✓ success {2}differs from the record, which is not from the patch:/);
  });
});
