import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../../test/support/any-text.ts';
import { sampleRun } from '../../../../test/support/sample-run.ts';
import { toReportPage } from '../report-page.ts';
import { escapeHtml, html, scriptJson } from './markup.ts';
import { renderHtmlReport } from './report.ts';
import { exampleBlocks } from './report-examples.ts';

const HOSTILE = '</script><img src=x onerror=alert(1)>\u202E\u001B[31m"\'`&<!--';

function blocksOf(page: string): { id: string; text: string }[] {
  return [...page.matchAll(/<script type="application\/json" id="([^"]*)">(.*?)<\/script>/gs)].map(
    ([, id = '', text = '']) => ({ id, text }),
  );
}

describe('the HTML report', () => {
  const sample = sampleRun({ examples: 60, repeats: 2 });
  const page = renderHtmlReport(sample);

  it('says the verdict, the figures, what decided and every example, worst first', () => {
    const { evaluators } = sample.verdict;
    expect(page).toContain('FAIL (confirmed)');
    for (const { key } of evaluators) expect(page).toContain(`<th scope="row">${key}</th>`);
    expect(page).toMatch(/chance without any change/);
    expect(page.match(/<li id="e-\d+"/g)).toHaveLength(60);
    const kinds = [...page.matchAll(/<li id="e-\d+" data-k="(\w+)"/g)].map(([, kind]) => kind);
    const order = ['critical', 'failed', 'worse', 'unmeasured', 'new', 'edited', 'better', 'same'];
    expect(kinds.map((kind) => order.indexOf(kind!))).toEqual(
      kinds.map((kind) => order.indexOf(kind!)).toSorted((a, b) => a - b),
    );
    expect(new Set(kinds).size).toBeGreaterThan(3);
  });

  it('lets only its own style and script run, and asks nothing of anywhere', () => {
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    const of = (tag: string) =>
      [...page.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(([, text]) => text!);
    const hash = (text: string) => `&#39;sha256-${createHash('sha256').update(text).digest('base64')}&#39;`;
    expect(policy).toContain('default-src &#39;none&#39;');
    expect(of('style').map(hash)).toEqual([/style-src (\S+);/.exec(policy)?.[1]]);
    expect(of('script').map(hash)).toEqual([/script-src (\S+);/.exec(policy)?.[1]]);
    expect(policy).not.toMatch(/unsafe|\*/);
    // References are fragments of the page, and the empty icon.
    for (const [, target] of page.matchAll(/\s(?:href|src|action|srcset|data)="([^"]*)"/g))
      expect(target).toMatch(/^(#|data:,$)/);
    expect(page).not.toMatch(/\sstyle="|\son\w+="|@import|url\(/);
  });

  it('keeps the details of examples in inert blocks of JSON, in the order of the rows', () => {
    const details = blocksOf(page).flatMap(({ text }) => JSON.parse(text));
    expect(details).toHaveLength(60);
    const [first] = details;
    expect(first.runs[0].commands[0]).toEqual([
      'Trace',
      expect.stringMatching(/^sluice traces show [\w-]+$/),
    ]);
    expect(first.runs[0].commands[1][1]).toMatch(/^sluice replay [\w-]+ --target langserve:/);
    expect(first.inputs.turns[0].text.text).toContain('where is my parcel');
    expect(first.runs[0].answer.turns[0].calls[0].name).toBe('look_up_order');
    expect(first.place).toMatch(/datasets\/support-agent-golden-v1\.jsonl:\d+/);
  });

  it('lets nothing of an example, an agent or an evaluator become markup', () => {
    const hostile = renderHtmlReport(sampleRun({ examples: 30, hostile: HOSTILE }));
    const plain = renderHtmlReport(sampleRun({ examples: 30 }));
    const tags = (text: string) => (text.match(/<[a-z!/]/gi) ?? []).length;
    expect(tags(hostile)).toBe(tags(plain));
    expect(hostile).not.toMatch(/<img|[^\P{Cc}\n\t]|\u202E/u);
    expect(blocksOf(hostile).flatMap(({ text }) => JSON.parse(text))).toHaveLength(30);
  });

  it('shows no command for a run id that a shell could read otherwise', () => {
    const { results, ...rest } = sample;
    const calls = Array.from(results.calls, (call) => ({ ...call, runId: 'x; rm -rf ~' }));
    const blocks = new Map(exampleBlocks(toReportPage({ ...rest, results: { ...results, calls } })));
    for (const detail of [...blocks.values()].flat())
      for (const run of detail.runs) expect(run.commands).toEqual([]);
  });

  it('is whole without a baseline, without evidence, ungated, and for one example', () => {
    const { results, verdict } = sampleRun({ examples: 1 });
    const bare = renderHtmlReport({ results, verdict, evidence: new Map() });
    expect(bare).toContain('examples of this run');
    expect(bare).not.toContain('the same examples in the baseline');
    const ungated = renderHtmlReport({
      results: { ...results, verdict: null },
      verdict,
      evidence: new Map(),
    });
    expect(ungated).toContain('NOT GATED');
    expect(ungated).not.toContain('What decided');
  });

  it('bounds its rows and says how many it leaves out', () => {
    const cut = renderHtmlReport({ ...sample, maxExamples: 10 });
    expect(cut.match(/<li id="e-\d+"/g)).toHaveLength(10);
    expect(cut).toContain('And 50 more examples');
  });
});

describe('markup', () => {
  it('escapes every text for elements and attributes, and keeps markup of its own', () => {
    expect(html`<a title="${'"<&>\''}">${['<b>', html`<i>${1}</i>`, null, false]}</a>`.markup).toBe(
      '<a title="&quot;&lt;&amp;&gt;&#39;">&lt;b&gt;<i>1</i></a>',
    );
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  it('writes JSON that no script element can end early, and that parses to the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = scriptJson({ value, also: '</script><!--<script>' });
        expect(text).not.toContain('<');
        expect(JSON.parse(text)).toEqual(
          JSON.parse(JSON.stringify({ value, also: '</script><!--<script>' })),
        );
      }),
    );
  });
});
