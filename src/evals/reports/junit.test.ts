import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { sampleRun } from '../../../test/support/sample-run.ts';
import { renderJunit } from './junit.ts';

const HOSTILE = ']]>&<"\'\u0000\u0008\uFFFE\u{1F600}\uD800\u001B[31m';

/** The attributes of every element of a name. */
function elements(xml: string, name: string): Record<string, string>[] {
  return [...xml.matchAll(new RegExp(`<${name}\\s([^>]*?)/?>`, 'g'))].map(([, text = '']) =>
    Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );
}

const isThere = spawnSync('xmllint', ['--version']).status === 0;

describe('junit.xml', () => {
  const sample = sampleRun({ examples: 60 });

  it('has a test for each gated evaluator and each example, and counts what it lists', () => {
    const xml = renderJunit(sample);
    const cases = elements(xml, 'testcase');
    expect(cases).toHaveLength(60 + 3);
    const suites = elements(xml, 'testsuite');
    expect(suites.map(({ name, tests }) => [name, tests])).toEqual([
      ['support-agent: gate', '3'],
      ['support-agent: examples', '60'],
    ]);
    const failures = xml.match(/<failure/g)?.length;
    expect(elements(xml, 'testsuites')[0]).toMatchObject({ tests: '63', failures: String(failures) });
    expect(failures).toBeGreaterThan(3);
    expect(xml).toMatch(/type="fail_\w+" message="FAIL \(\w+\) has_resolution/);
  });

  it('is as red as the gate: nothing fails where the gate passed', () => {
    const passed = sampleRun({ examples: 120, repeats: 3, worse: 0 });
    expect(passed.verdict.status).toBe('pass');
    expect(passed.verdict.worse.length).toBeGreaterThan(0);
    expect(renderJunit(passed)).not.toMatch(/<failure|<error/);
  });

  it('does not fail for a breach that the policy only warns of', () => {
    const failing = sample.verdict.evaluators.filter(({ status }) => status === 'fail');
    expect(failing.length).toBeGreaterThan(0);
    const verdict = { ...sample.verdict, status: 'pass' as const, label: 'fail_unconfirmed' as const };
    expect(renderJunit({ results: { ...sample.results, verdict }, verdict })).not.toMatch(/<failure|<error/);
  });

  it('marks no verdict as an error, with what mends it', () => {
    const { results } = sample;
    const verdict = {
      ...sample.verdict,
      status: 'no_verdict' as const,
      label: null,
      evaluators: [],
      worse: [],
      critical: [],
      reasons: [
        { code: 'X', effect: 'no_verdict' as const, message: 'There is no baseline.', hint: 'Accept one.' },
      ],
    };
    const xml = renderJunit({ results: { ...results, verdict }, verdict });
    expect(xml).toContain(
      '<error type="no_verdict" message="There is no baseline">There is no baseline.\nAccept one.',
    );
  });

  it('is valid XML whatever an agent says', () => {
    const xml = renderJunit(sampleRun({ examples: 30, hostile: HOSTILE }));
    expect(xml).not.toMatch(/[^\P{Cc}\n\t]|[\uFFFE\uFFFF]/u);
    expect(xml.isWellFormed()).toBe(true);
    expect(xml).toContain(']]&gt;&amp;&lt;');
    // Where the machine has a parser of its own.
    if (isThere) {
      const checked = spawnSync('xmllint', ['--noout', '-'], { input: xml, encoding: 'utf8' });
      expect([checked.status, checked.stderr]).toEqual([0, '']);
    }
  });
});
