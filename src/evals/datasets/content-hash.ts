import { createHash } from 'node:crypto';
import { stableStringify } from '../../core/index.ts';
import type { Example } from '../example.ts';

/**
 * Hash of what an example asks and expects: 16 hex digits of SHA-256 over its inputs, reference outputs and `critical`.
 * Metadata and splits are left out, so that sorting examples does not make them new ones. The order of keys and
 * `critical: false` against none make no difference.
 */
export function contentHash(example: Pick<Example, 'inputs' | 'outputs' | 'critical'>): string {
  return hash(
    stableStringify({
      inputs: example.inputs,
      outputs: example.outputs ?? null,
      critical: example.critical === true,
    }),
  );
}

/** Hash over the ids and contents of examples, in any order: 16 hex digits of SHA-256. */
export function datasetFingerprint(examples: readonly Example[]): string {
  return fingerprintOf(examples.map((example) => ({ id: example.id, contentHash: contentHash(example) })));
}

/** {@link datasetFingerprint} of examples whose hashes are known. */
export function fingerprintOf(
  examples: readonly { readonly id: string; readonly contentHash: string }[],
): string {
  const entries = examples.map((example) => `${JSON.stringify(example.id)} ${example.contentHash}`).sort();
  return hash(entries.join('\n'));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
