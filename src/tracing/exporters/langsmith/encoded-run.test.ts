import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSpan, makeTrace, runId } from '../../../../test/support/traces.ts';
import { type EncodedRun, encodeRun, encodeRuns } from './encoded-run.ts';
import { toLangSmithRuns } from './langsmith-run.ts';
import { batchBody, multipartBody } from './request-body.ts';

const ID = runId(1);

function runWith(inputs: unknown, outputs: unknown, metadata: Record<string, unknown>, tags: string[]) {
  const trace = makeTrace({ id: ID, spans: [makeSpan({ id: ID, inputs, outputs, metadata, tags })] });
  return toLangSmithRuns(trace, { project: 'p' })[0]!;
}

const big = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 2_000 }).map((text) => text.repeat(20));
const payload = fc.oneof(
  big,
  fc.array(big, { maxLength: 4 }),
  fc.dictionary(fc.string(), big, { maxKeys: 4 }),
);

describe('encodeRuns', () => {
  it('encodes each run as it would alone, also where runs of a trace share messages and one has to be cut', () => {
    const message = { content: 'x'.repeat(3_000), $shared: 0 };
    const traces = [1, 2].map((n) => {
      const [root, child] = [runId(10 * n), runId(10 * n + 1)];
      const spans = [
        makeSpan({ id: root, inputs: { messages: [message] }, outputs: { messages: [message, message] } }),
        makeSpan({ id: child, parentId: root, inputs: message, error: { name: 'Error', message: 'no' } }),
      ];
      const trace = makeTrace({ id: root, spans });
      return { trace, runs: toLangSmithRuns(trace, { project: 'p' }) };
    });
    const runs = traces.flatMap((one) => one.runs);
    const read = ({ fields, sizeBytes }: EncodedRun) => [fields.map(String), sizeBytes];
    for (const limit of [8_000, 1e9]) {
      expect([...encodeRuns(traces, limit)].map(read)).toEqual(
        runs.map((run) => read(encodeRun(run, limit))),
      );
    }
    expect(multipartBody([...encodeRuns(traces, 1e9)]).bytes.length).toBe(
      multipartBody(runs.map((run) => encodeRun(run, 1e9))).bytes.length,
    );
    expect(runs.map((run) => encodeRun(run, 1e9).sizeBytes > 8_000)).toContain(true);
  });
});

describe('encodeRun', () => {
  it('leaves a run alone that fits', () => {
    const run = runWith({ a: 1 }, { b: 2 }, { c: 3 }, ['t']);
    const { head, fields } = encodeRun(run, 10_000);
    const parts = Object.fromEntries(fields.map(([field, json]) => [field, JSON.parse(json.toString())]));
    expect({ ...JSON.parse(head.toString()), ...parts }).toEqual(JSON.parse(JSON.stringify(run)));
  });

  it('makes any run fit, as valid JSON, and says what it cut', () => {
    fc.assert(
      fc.property(
        payload,
        payload,
        fc.dictionary(fc.string(), big, { maxKeys: 3 }),
        (inputs, outputs, metadata) => {
          const run = runWith(inputs, outputs, metadata, []);
          const encoded = encodeRun(run, 6_000);
          expect(encoded.sizeBytes).toBeLessThanOrEqual(6_000);
          expect(multipartBody([encoded]).bytes.length).toBeLessThanOrEqual(6_000 + 100);
          const { post } = JSON.parse(Buffer.from(batchBody([encoded]).bytes).toString());
          expect(post[0]).toMatchObject({ id: ID, dotted_order: run.dotted_order });
          if (encodeRun(run, 1e9).sizeBytes > 6_000) {
            expect(post[0].extra.metadata.sluice_truncated.length).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('cuts the biggest field first', () => {
    const run = runWith({ long: 'x'.repeat(50_000) }, { answer: 'yes' }, {}, []);
    const { fields } = encodeRun(run, 5_000);
    expect(JSON.parse(fields.find(([field]) => field === 'outputs')![1].toString())).toEqual({
      answer: 'yes',
    });
  });
});
