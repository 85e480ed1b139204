import { isRecord } from '../../core/index.ts';

const EXCERPT_LENGTH = 48;
const LEAD_LENGTH = 16;

/**
 * Where two JSON values first part, in words: `[2].content differs at character 31: recorded "…to Paris", now "…to Rome"`.
 * Undefined when they are equal.
 */
export function firstDifference(recorded: unknown, now: unknown, path = ''): string | undefined {
  if (Object.is(recorded, now)) return undefined;
  const at = path === '' ? 'the input' : path;
  if (typeof recorded === 'string' && typeof now === 'string') return textDifference(recorded, now, at);
  if (Array.isArray(recorded) && Array.isArray(now)) return listDifference(recorded, now, path);
  if (isRecord(recorded) && isRecord(now)) return recordDifference(recorded, now, path);
  return `${at} differs: recorded ${excerpt(recorded)}, now ${excerpt(now)}`;
}

function textDifference(recorded: string, now: string, at: string): string {
  let index = 0;
  while (index < recorded.length && recorded[index] === now[index]) index += 1;
  return `${at} differs at character ${index}: recorded ${window(recorded, index)}, now ${window(now, index)}`;
}

function listDifference(
  recorded: readonly unknown[],
  now: readonly unknown[],
  path: string,
): string | undefined {
  for (let index = 0; index < Math.min(recorded.length, now.length); index += 1) {
    const difference = firstDifference(recorded[index], now[index], `${path}[${index}]`);
    if (difference !== undefined) return difference;
  }
  if (recorded.length === now.length) return undefined;
  return `${path === '' ? 'the list' : path} has ${now.length} items, recorded ${recorded.length}`;
}

function recordDifference(
  recorded: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  path: string,
): string | undefined {
  for (const key of [...new Set([...Object.keys(recorded), ...Object.keys(now)])].sort()) {
    const inner = path === '' ? key : `${path}.${key}`;
    if (!Object.hasOwn(now, key)) return `${inner} is missing, recorded ${excerpt(recorded[key])}`;
    if (!Object.hasOwn(recorded, key)) return `${inner} is new: ${excerpt(now[key])}`;
    const difference = firstDifference(recorded[key], now[key], inner);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function window(text: string, index: number): string {
  const start = Math.max(0, index - LEAD_LENGTH);
  const end = start + EXCERPT_LENGTH;
  return `"${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}"`;
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}
