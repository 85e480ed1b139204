import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { formatResults } from '../src/evals/reports/index.ts';
import { sampleRun } from '../test/support/sample-run.ts';
import { readSchemas } from './docs.ts';
import { RESULTS_SCHEMA_FILE } from './result-schema.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const schema = JSON.parse(readFileSync(`${ROOT}/${RESULTS_SCHEMA_FILE}`, 'utf8'));
const validate = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictTuples: false,
  formats: { 'date-time': true },
}).compile(schema);

describe('the published schema of results.json', () => {
  it('is up to date (npm run docs)', () => {
    for (const { before, after } of readSchemas(ROOT)) expect(before).toBe(after);
  });

  it('accepts what is written, gated or not', () => {
    const { results } = sampleRun({ examples: 40, repeats: 2 });
    for (const each of [results, { ...results, verdict: null }, { ...results, calls: [] }]) {
      validate(JSON.parse(formatResults(each)));
      expect(validate.errors).toBeNull();
    }
  });

  it('refuses what is not', () => {
    const { results } = sampleRun({ examples: 5 });
    for (const wrong of [
      { ...results, schemaVersion: 0 },
      { ...results, more: 1 },
      { ...results, verdict: { ...results.verdict, status: 'maybe' } },
      { ...results, calls: [{ ...results.calls.at(0), latencyMs: 'long' }] },
    ])
      expect(validate(wrong)).toBe(false);
  });
});
