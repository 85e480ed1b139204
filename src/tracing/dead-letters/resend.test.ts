import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CollectingExporter } from '../../../test/support/collecting-exporter.ts';
import { ManualClock, until } from '../../../test/support/manual-clock.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { makeTrace, runId } from '../../../test/support/traces.ts';
import type { ExportResult } from '../exporters/index.ts';
import { DeadLetterOffice, DeadLetters } from './index.ts';

const refused = (says: string): ExportResult => ({ kind: 'refused', error: new Error(says) });
const { signal } = new AbortController();

/** An office of one exporter, with letters 1 to `count` set aside for it. */
function office(folder: string, count: number) {
  const clock = new ManualClock();
  const letters = new DeadLetters({ folder, maxBytes: 10_000_000, clock });
  const add = (number: number) =>
    letters.add('collecting', 'HTTP 400', { trace: makeTrace({ id: runId(number) }) });
  for (let number = 1; number <= count; number += 1) add(number);
  const exporter = new CollectingExporter();
  return {
    add,
    clock,
    exporter,
    office: new DeadLetterOffice({ folder, exporters: [exporter], clock }),
    sent: () => exporter.traces.map(({ id }) => Number.parseInt(id.slice(-12), 16)).toSorted((a, b) => a - b),
    path: `${folder}/collecting.jsonl`,
  };
}

const idsIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [Number.parseInt(JSON.parse(line).trace.id.slice(-12), 16)]))
    .toSorted((a, b) => a - b);

describe('a resend', () => {
  it('waits as long as the receiver asks, and goes on', async () => {
    await using dir = await tempDir();
    const { office: open, exporter, clock, sent } = office(dir.path, 2);
    exporter.answers.push({ kind: 'retryable', error: new Error('429'), retryAfterMs: 2_000 });
    const resent = open.resend({ signal });
    await until(() => clock.sleeps.length === 1);
    expect(sent()).toEqual([]);
    clock.advance(2_000);
    expect(await resent).toMatchObject([{ sent: 2, unsent: 0, setback: undefined }]);
  });

  it.each([60_001, undefined])('does not wait for a receiver that asks for %s ms', async (retryAfterMs) => {
    await using dir = await tempDir();
    const { office: open, exporter, path } = office(dir.path, 70);
    exporter.answers.push({ kind: 'success' });
    exporter.answers.push({ kind: 'retryable', error: new Error('down'), retryAfterMs });
    expect(await open.resend({ signal })).toMatchObject([{ sent: 32, unsent: 38, setback: 'down' }]);
    // One attempt, not one for each batch that is left.
    expect(exporter.batchSizes).toEqual([32, 32]);
    expect(idsIn(path)).toHaveLength(38);
  });

  it('gives up on a receiver that asks to come back again and again', async () => {
    await using dir = await tempDir();
    const { office: open, exporter, clock } = office(dir.path, 1);
    for (let answer = 0; answer < 7; answer += 1) {
      exporter.answers.push({ kind: 'retryable', error: new Error('429'), retryAfterMs: 1_000 });
    }
    const resent = open.resend({ signal });
    for (let wait = 1; wait <= 5; wait += 1) {
      await until(() => clock.sleeps.length === wait);
      clock.advance(1_000);
    }
    expect(await resent).toMatchObject([{ sent: 0, unsent: 1, setback: '429' }]);
    expect(exporter.batchSizes).toHaveLength(6);
  });

  it('ends at once when it is to end while it waits, and keeps the letters', async () => {
    await using dir = await tempDir();
    const { office: open, exporter, clock, path } = office(dir.path, 3);
    exporter.answers.push({ kind: 'retryable', error: new Error('429'), retryAfterMs: 1_000 });
    const stop = new AbortController();
    const resent = open.resend({ signal: stop.signal });
    await until(() => clock.sleeps.length === 1);
    stop.abort();
    expect(await resent).toMatchObject([{ sent: 0, unsent: 3 }]);
    expect(idsIn(path)).toEqual([1, 2, 3]);
  });

  it('sends each by itself when a batch is refused, and keeps those at fault with the new reason', async () => {
    await using dir = await tempDir();
    const { office: open, exporter, sent, path } = office(dir.path, 3);
    exporter.answers.push(refused('batch'), { kind: 'success' }, refused('no span id'));
    expect(await open.resend({ signal })).toMatchObject([
      { exporter: 'collecting', sent: 2, refused: 1, refusal: 'no span id', unsent: 0 },
    ]);
    expect(sent()).toEqual([1, 3]);
    expect(idsIn(path)).toEqual([2]);
    expect(await open.contents()).toMatchObject([{ reasons: [{ reason: 'no span id', count: 1 }] }]);
  });

  it('is refused while another one is at work', async () => {
    await using dir = await tempDir();
    const { office: open, exporter, clock } = office(dir.path, 1);
    exporter.answers.push({ kind: 'retryable', error: new Error('429'), retryAfterMs: 1_000 });
    const first = open.resend({ signal });
    await until(() => clock.sleeps.length === 1);
    await expect(open.resend({ signal })).rejects.toMatchObject({ code: 'RESEND_RUNNING' });
    clock.advance(1_000);
    expect(await first).toMatchObject([{ sent: 1 }]);
  });

  it('leaves what is set aside meanwhile for the next one', async () => {
    await using dir = await tempDir();
    const { office: open, exporter, clock, add, sent, path } = office(dir.path, 1);
    exporter.answers.push({ kind: 'retryable', error: new Error('429'), retryAfterMs: 1_000 });
    const first = open.resend({ signal });
    await until(() => clock.sleeps.length === 1);
    add(2);
    clock.advance(1_000);
    expect(await first).toMatchObject([{ sent: 1 }]);
    expect(idsIn(path)).toEqual([2]);
    await open.resend({ signal });
    expect(sent()).toEqual([1, 2]);
    expect(existsSync(path)).toBe(false);
  });

  it('loses no letter and no damaged line, whatever the receiver answers and however they are mixed', async () => {
    const answer = fc.constantFrom<ExportResult>(
      { kind: 'success' },
      { kind: 'retryable', error: new Error('down') },
      refused('HTTP 400'),
      { kind: 'failed', error: new Error('HTTP 422') },
    );
    const line = fc.constantFrom('letter', 'damaged', 'empty', 'big');
    const lines = fc.array(line, { minLength: 1, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(
        lines,
        fc.array(answer, { maxLength: 6 }),
        fc.boolean(),
        async (kinds, answers, torn) => {
          await using dir = await tempDir();
          const { office: open, exporter, sent, path } = office(dir.path, 0);
          exporter.answers.push(...answers);
          const pad = { inputs: 'x'.repeat(100_000) };
          const text = kinds.map((kind, number) => {
            if (kind === 'damaged') return `{damaged ${number}`;
            if (kind === 'empty') return '';
            const made = makeTrace({ id: runId(number) });
            const trace =
              kind === 'big' ? { ...made, spans: made.spans.map((span) => ({ ...span, ...pad })) } : made;
            return JSON.stringify({
              schemaVersion: 1,
              timeMs: 1,
              exporter: 'collecting',
              reason: 'r',
              trace,
            });
          });
          writeFileSync(path, `${text.join('\n')}${torn ? '' : '\n'}`);
          await open.resend({ signal });
          const left = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
          const damaged = left.filter((each) => each.startsWith('{damaged'));
          const kept = left
            .filter((each) => each.startsWith('{"'))
            .map((each) => Number.parseInt(JSON.parse(each).trace.id.slice(-12), 16));
          const numbers = kinds.flatMap((kind, at) => (kind === 'letter' || kind === 'big' ? [at] : []));
          expect([...sent(), ...kept].toSorted((a, b) => a - b)).toEqual(numbers);
          expect(damaged.toSorted()).toEqual(text.filter((each) => each.startsWith('{damaged')).toSorted());
        },
      ),
      { numRuns: 60 },
    );
  });
});
