// The page of a replay as a browser shows it: asked for nothing, opened by the keyboard, read by machines.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReplayPage } from '../../src/cli/replay-page/index.ts';
import type { Trace } from '../../src/core/index.ts';
import { diffTraces, type ReplayResult } from '../../src/replay/index.ts';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeSpan, makeTrace } from '../support/traces.ts';

const HOSTILE = `</script><img src=x onerror="document.title='broken'"><b>\u202Eevil\u001B[31m`;
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** A run whose every text is hostile. */
function run(prompt: string, answer: string): Trace {
  const tags = ['graph:step:1'];
  return makeTrace({
    id: 'root',
    outcome: 'error',
    error: { name: 'TypeError', message: answer },
    spans: [
      makeSpan({ id: 'root', outputs: { messages: [{ type: 'ai', content: answer }], [HOSTILE]: answer } }),
      makeSpan({ id: 'n', parentId: 'root', type: 'node', name: HOSTILE, node: HOSTILE, step: 1, tags }),
      makeSpan({
        id: 'm',
        parentId: 'n',
        type: 'llm',
        name: 'ChatFake',
        inputs: { messages: [[{ type: 'system', content: `one\n${prompt}\nthree` }]] },
      }),
    ],
  });
}

function result(): ReplayResult {
  const before = run(HOSTILE, `${HOSTILE} before`);
  const after = run(`${HOSTILE} changed`, `${HOSTILE} after`);
  return {
    mode: 'recorded',
    verdict: 'stopped',
    stopped: HOSTILE,
    diff: diffTraces(before, after),
    runId: HOSTILE,
    trace: after,
    partial: false,
    calls: [
      {
        seq: 0,
        kind: 'model',
        name: HOSTILE,
        node: HOSTILE,
        ordinal: 0,
        match: 'ordinal',
        inputHash: 'x',
        nearest: HOSTILE,
      },
    ],
    blocked: [{ kind: 'fetch', what: HOSTILE, node: HOSTILE, at: HOSTILE }],
    baseline: { outcome: 'error', runId: 'b', diff: diffTraces(before, after) },
    notes: [HOSTILE],
  };
}

const hasChromium = findChromium() !== undefined;
if (!hasChromium && !process.env['CI'])
  console.warn('Skipped: the page of a replay needs Chromium, and there is none.');

// In CI a skipped test would be a silent pass: there it fails without a browser.
describe.skipIf(!hasChromium && !process.env['CI'])('the page of a replay in a browser', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let browser: Browser;
  beforeAll(async () => {
    dir = await tempDir();
    browser = await launchChromium();
    const page = renderReplayPage(result(), { traceId: HOSTILE, on: HOSTILE, baseline: HOSTILE });
    await writeFile(join(dir.path, 'replay.html'), page);
  });
  afterAll(async () => {
    await browser?.close();
    await dir?.[Symbol.asyncDispose]();
  });

  it('asks for nothing, shows what is hostile as text, and opens by the keyboard', async () => {
    const page = await browser.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(pathToFileURL(join(dir.path, 'replay.html')).href);
    expect(requests.filter((url) => !url.endsWith('/replay.html') && url !== 'data:,')).toEqual([]);
    expect(await page.$$('img, body script')).toEqual([]);
    expect(await page.title()).toMatch(/^STOPPED · replay of/);
    const text = await page.$eval('main', (main) => (main as unknown as { innerText: string }).innerText);
    expect(text).toContain('the prompt changed here');
    expect(text).toContain('<img src=x onerror=');
    expect(text).toContain('[U+202E]evil[U+001B][31m');
    expect(
      await page.$$eval('.first .line mark', (marks) => marks.map((mark) => mark.textContent).join('')),
    ).toContain('changed');
    await page.focus('.tree summary');
    await page.keyboard.press('Enter');
    expect(
      await page.$eval('.tree details', (details) => (details as unknown as { open: boolean }).open),
    ).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each([
    ['light', 1200],
    ['dark', 400],
  ] as const)('has no barrier that axe knows: %s, %i wide', async (scheme, width) => {
    const axe = await readFile(axePath, 'utf8');
    const page = await browser.newPage();
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.setViewport({ width, height: 900 });
    await page.setBypassCSP(true);
    await page.goto(pathToFileURL(join(dir.path, 'replay.html')).href);
    await page.evaluate(axe);
    const found = (await page.evaluate('axe.run()')) as {
      violations: { id: string; nodes: { html: string }[] }[];
    };
    expect(found.violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    await page.close();
  });
});
