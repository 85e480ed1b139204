import { createHash } from 'node:crypto';
import { stableStringify } from '../../core/index.ts';

/** Fingerprint of a built-in: its name, the version of its meaning, and its options. */
export function builtInFingerprint(name: string, version: number, options: unknown = {}): string {
  return `${name}@${version}:${shortHash(stableStringify(options))}`;
}

/**
 * Fingerprint of a function: hash of its source text without white space. What it calls or closes over is not seen;
 * an author who changes that gives the evaluator a new `version`, which is hashed instead.
 */
export function functionFingerprint(evaluate: (...args: never) => unknown, version?: string): string {
  if (version !== undefined) return `version:${shortHash(version)}`;
  return `source:${shortHash(Function.prototype.toString.call(evaluate).replace(/\s+/g, ''))}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
