import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/any-text.ts';
import { runFolder } from '../../core/index.ts';
import type { Experiment, ScoredCall } from '../experiment.ts';
import { gate, toScoreSet, type Verdict } from '../gate/index.ts';
import { renderMarkdownSummary } from './markdown-summary.ts';
import { markdownText, plainText } from './plain-text.ts';
import { formatResults, resultsSchema, toResults } from './results.ts';
import { listRunIds, readResults, writeResults } from './results-file.ts';
import { renderTerminalReport, type TerminalReportOptions } from './terminal-report.ts';

const NOW = '2026-11-22T10:00:00.000Z';
const HOSTILE = 'x\u001B[31m\u001B]8;;http://evil\u0007|<img src=x>\n## `y` [a](http://b) @me \u202Eend';

function experiment(scores: Record<string, number>, comment?: string): Experiment {
  const calls = Object.entries(scores).map(
    ([exampleId, score], index): ScoredCall => ({
      exampleId,
      contentHash: 'h',
      repeat: 0,
      critical: exampleId.startsWith('critical'),
      status: 'answered',
      runId: `run-of-${index}`,
      startTimeMs: 0,
      latencyMs: 1,
      attempts: 1,
      scores: { quality: { status: 'scored', score, ...(comment === undefined ? {} : { comment }) } },
    }),
  );
  return {
    finishedAt: NOW,
    calls,
    head: {
      schemaVersion: 2,
      runId: '0193f1c2-0000-7000-8000-000000000000',
      suite: 'support',
      dataset: 'd.jsonl',
      datasetFingerprint: 'fp',
      target: 'langserve:http://127.0.0.1:1/agent',
      repeats: 1,
      timeoutMs: 1_000,
      evaluators: [{ key: 'quality', direction: 'higher', range: [0, 1], gate: true, fingerprint: 'q1' }],
      commit: '0123456789abcdef0123456789abcdef01234567-dirty.89abcdef',
      startedAt: NOW,
    },
  };
}

function verdictOf(after: Experiment, before?: Experiment): Verdict {
  return gate({
    candidate: toScoreSet(after),
    baseline: before && toScoreSet(before),
    policy: { threshold: 0.05, min: {}, evaluators: {} },
    suite: 'support',
  });
}

const BEFORE = experiment({ a: 1, b: 1, 'critical-c': 1 });
const AFTER = experiment({ a: 0, b: 1, 'critical-c': 0 }, 'no refund');

function terminal(verdict: Verdict, more: Partial<TerminalReportOptions> = {}): string {
  return renderTerminalReport({
    verdict,
    gated: true,
    suite: 'support',
    examples: 3,
    repeats: 1,
    color: false,
    ...more,
  });
}

describe('the terminal report', () => {
  it('has the table, what failed, what got worse with its trace, and the verdict', () => {
    const text = terminal(verdictOf(AFTER, BEFORE));
    expect(text).toMatch(/evaluator.*baseline.*now.*change.*limit.*verdict/);
    expect(text).toMatch(/quality.*1\.00.*0\.50.*-50\.0%.*0\.95.*FAIL/);
    expect(text).toContain('  a  quality 1.00 -> 0.00\n    no refund\n    sluice traces show run-of-0');
    expect(text).toContain(
      '  fail  critical-c\n    quality is 0.00: no refund\n    sluice traces show run-of-2',
    );
    expect(text).toContain('Got worse: 1 besides these');
    expect(text).toContain('fail: 1 critical example failed: critical-c.');
    expect(
      text.endsWith(
        '\n\nFAIL (confirmed)  support, 3 examples: 1 critical example failed; quality beyond its limit\n',
      ),
    ).toBe(true);
  });

  it('says in its last line why there is no verdict or a pass', () => {
    const last = (verdict: Verdict) => terminal(verdict).trimEnd().split('\n').at(-1);
    expect(last(verdictOf(AFTER))).toBe('FAIL (confirmed)  support, 3 examples: 1 critical example failed');
    expect(last(verdictOf(BEFORE))).toBe(
      'NO VERDICT  support, 3 examples: the suite support has no baseline yet',
    );
    expect(last(verdictOf(BEFORE, BEFORE))).toBe(
      'PASS (weak)  support, 3 examples: every gated score is within its limit of the baseline',
    );
  });

  it('says of each gated score how sure it is, and of extra rounds why they ended', () => {
    const verdict = verdictOf(AFTER, BEFORE);
    const text = terminal({ ...verdict, rounds: { extra: 2, max: 4, stopped: 'budget' } }, { columns: 400 });
    expect(text).toMatch(
      /FAIL \(unconfirmed\) quality 1\.00 -> 0\.50 \(-50\.0%, limit -5\.0%\), 2 examples, 1 vs 1 runs; chance without any change \d+%; sees drops of [\d.]+% or more in 80% of runs/,
    );
    expect(text).toContain('2 extra rounds of the whole dataset, as the budget left no room for more.');
    expect(text).toMatch(/fails an unchanged agent once at this size: \d+%/);
  });

  it('names no command with a run id that a shell could read otherwise', () => {
    const calls = Array.from(AFTER.calls, (call) => ({ ...call, runId: 'x$(reboot)' }));
    expect(terminal(verdictOf({ ...AFTER, calls }, BEFORE))).not.toMatch(/sluice traces show|reboot/);
  });

  it('fits its width, and keeps commands, ids and long words whole', () => {
    const comment = `The answer lacks ${'word '.repeat(40)}${'x'.repeat(90)}`;
    const before = experiment(
      Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`example-${index}`, 1])),
    );
    const after = experiment(
      Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`example-${index}`, 0])),
      comment,
    );
    for (const columns of [40, 80, 120]) {
      const lines = terminal(verdictOf(after, before), { columns }).split('\n');
      for (const line of lines.slice(0, -2))
        expect(line.length <= columns || /sluice |x{90}|^evaluator|^quality/.test(line), line).toBe(true);
    }
  });

  it('shows one example of each kind first', () => {
    const before = experiment(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`e${index}`, 1])));
    const after = experiment(
      Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`e${index}`, 0])),
      'the same',
    );
    const failed = Array.from(after.calls, (call, index) =>
      index === 19 ? { ...call, status: 'agent_failed' as const, error: 'a crash' } : call,
    );
    const text = terminal(verdictOf({ ...after, calls: failed }, before));
    expect(text).toMatch(/e19 {2}the agent failed {2}quality 1\.00 -> 0\.00\n {4}a crash/);
  });

  it('has no escape sequence without colour, and has them with it', () => {
    expect(terminal(verdictOf(AFTER, BEFORE))).not.toContain('\u001B');
    expect(terminal(verdictOf(AFTER, BEFORE), { color: true })).toContain('\u001B[31m');
  });

  it('shows scores without a verdict for a run that was not gated', () => {
    const text = terminal(verdictOf(AFTER), { gated: false });
    expect(text).toContain('Not gated');
    expect(text).not.toMatch(/baseline|NO VERDICT/);
  });

  it('cuts long lists and says how many more there are', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`e${index}`, 1]));
    const none = Object.fromEntries(Object.keys(many).map((id) => [id, 0]));
    expect(terminal(verdictOf(experiment(none), experiment(many)))).toContain('and 20 more in results.json');
  });

  it('prints nothing hostile of ids and comments', () => {
    const text = terminal(verdictOf(experiment({ [HOSTILE]: 0 }, HOSTILE), experiment({ [HOSTILE]: 1 })));
    for (const hostile of ['\u001B', '\u0007', '\u202E']) expect(text).not.toContain(hostile);
    expect(text.split('\n').filter((line) => line.startsWith('##'))).toEqual([]);
  });
});

describe('the Markdown summary', () => {
  const render = (after: Experiment, before?: Experiment) => {
    const verdict = verdictOf(after, before);
    return renderMarkdownSummary({ results: toResults(after, verdict), verdict });
  };

  it('has verdict, table and the examples that got worse', () => {
    const text = render(AFTER, BEFORE);
    expect(text).toContain('## ❌ FAIL (confirmed): support');
    expect(text).toContain('commit 0123456789ab-dirty.89abcdef');
    expect(text).toContain('| quality | 1.00 | 0.50 | -50.0% | -5.0% (0.95) | FAIL (unconfirmed) |');
    expect(text).toContain('### Worse (2)');
    expect(text).toContain('sluice traces show run-of-0');
  });

  it('lets no text of others become markup', () => {
    const text = render(experiment({ [HOSTILE]: 0 }, HOSTILE), experiment({ [HOSTILE]: 1 }));
    expect(text).not.toMatch(/<img|\[a\]|`y`|@me|http:/);
    expect(text).not.toContain('\u001B');
    for (const line of text.split('\n').filter((row) => row.startsWith('|')))
      expect([6, 8]).toContain(line.split('|').length);
  });
});

describe('text of others', () => {
  it('is one line without control characters, of limited length', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 400 }), (text) => {
        const plain = plainText(text);
        expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect([...plain].length).toBeLessThanOrEqual(200);
      }),
    );
    expect(plainText('a\u001B[31mb\u001B[0m \u009B2Jc\r\nd')).toBe('ab c d');
  });

  it('has nothing left that Markdown or HTML could read', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 100 }), (text) => {
        expect(markdownText(text).replace(/&#\d+;/g, ' ')).not.toMatch(
          /[\\`*{}[\]<>()#!|~&@$^]|:\/|www\.|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/iu,
        );
      }),
    );
    expect(markdownText('<b>|é has_resolution, _x_')).toBe('&#60;b&#62;&#124;é has_resolution, &#95;x&#95;');
    expect(markdownText('https://a.b WWW.c @me')).toBe('https&#58;//a.b WWW&#46;c &#64;me');
  });
});

describe('results.json', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice-results-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const RUN = AFTER.head.runId;

  it('is what was written, for its owner only, and leaves nothing else behind', async () => {
    const results = toResults(AFTER, verdictOf(AFTER, BEFORE));
    const path = await writeResults(runFolder(home, RUN), results);
    const read = await readResults(home, RUN);
    expect(read && { ...read, calls: [...read.calls] }).toEqual({ ...results, calls: [...results.calls] });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(runFolder(home, RUN))).toEqual(['results.json']);
    expect(await listRunIds(home)).toEqual([RUN]);
  });

  it('is missing for an unfinished run and an error when damaged', async () => {
    expect(await listRunIds(home)).toEqual([]);
    expect(await readResults(home, RUN)).toBeUndefined();
    const path = await writeResults(runFolder(home, RUN), toResults(AFTER, undefined));
    await writeFile(path, '{"schemaVersion":1}');
    await expect(readResults(home, RUN)).rejects.toMatchObject({ code: 'RESULTS_INVALID', exitCode: 2 });
    await writeFile(path, '{"sche');
    await expect(readResults(home, RUN)).rejects.toThrow('not valid JSON');
  });

  it('accepts every verdict the gate can reach', () => {
    const value = fc.oneof(fc.double({ min: -5, max: 5, noNaN: true }), fc.constant(0), fc.constant(1));
    const side = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'critical-d'), value);
    fc.assert(
      fc.property(side, fc.option(side, { nil: undefined }), (after, before) => {
        const run = experiment(after);
        const results = toResults(run, verdictOf(run, before && experiment(before)));
        const read = resultsSchema.parse(JSON.parse(formatResults(results)));
        expect(JSON.stringify(read.verdict?.status)).toBe(JSON.stringify(results.verdict?.status));
      }),
    );
  });
});
