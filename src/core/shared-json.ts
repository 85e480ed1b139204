/** JSON values in which what stood in several places is written once. */
export interface SharedJson {
  /** What is referred to. Each refers only to those before it. */
  readonly shared: readonly unknown[];
  /** The values, in order, with `{"$shared": n}` in place of the n-th. The rest is the same objects as were given. */
  readonly values: readonly unknown[];
}

/** What says that shared JSON cannot be read: one phrase without a full stop. */
export class SharedJsonError extends Error {
  override name = 'SharedJsonError';
}

const KEY = '$shared';
/** Members after references are followed. Far more than a record of the size limits can have. */
const MAX_MEMBERS = 20_000_000;
const MAX_DEPTH = 500;

/**
 * Takes what is the same object in several places of JSON values out of them. Equal objects that are not the same stay.
 * An object that looks like a reference is taken out too, so that {@link restoreShared} is the exact inverse.
 */
export class SharingWriter implements SharedJson {
  /** Grows when a value that is packed later holds what looks like a reference. */
  readonly shared: unknown[] = [];
  readonly values: readonly unknown[];
  private readonly counts = new Map<object, number>();
  private readonly indexes = new Map<object, number>();
  private readonly texts: string[] = [];
  private madeValueTexts: readonly string[] | undefined;

  constructor(values: readonly unknown[]) {
    for (const value of values) countObjects(value, this.counts);
    this.values = values.map((value) => this.pack(value));
  }

  /** Any JSON value with references to what it shares with the values. */
  pack(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const known = this.indexes.get(value);
    if (known !== undefined) return { [KEY]: known };
    const packed = mapMembers(value, (member) => this.pack(member));
    if ((this.counts.get(value) ?? 0) < 2 && referenceIn(value) === undefined) return packed;
    this.indexes.set(value, this.shared.length);
    this.shared.push(packed);
    return { [KEY]: this.shared.length - 1 };
  }

  /** The JSON text of a shared part, made once. */
  sharedText(index: number): string {
    this.texts[index] ??= JSON.stringify(this.shared[index]);
    return this.texts[index];
  }

  /** The JSON text of each value, made once. */
  get valueTexts(): readonly string[] {
    this.madeValueTexts ??= this.values.map((value) => JSON.stringify(value));
    return this.madeValueTexts;
  }

  /** Whether the shared part holds no reference, though it looks like one. */
  isLiteral(index: number): boolean {
    return referenceIn(this.shared[index]) !== undefined;
  }
}

/** What stands between the references of a packed value's JSON text, and the indexes they name, in turn. */
export function splitReferences(text: string): string[] {
  // A quote inside a string is escaped, so that no text of a string looks like a reference.
  return text.split(REFERENCE);
}

const REFERENCE = /\{"\$shared":(\d+)\}/;

/**
 * Puts back what {@link SharingWriter} took out, in place: each shared object is one object again. Values that were made
 * with nothing shared must not be passed: what looks like a reference in them is none.
 *
 * @throws SharedJsonError for references to what is not there, and for values that would be absurdly large.
 */
export function restoreShared({ shared, values }: SharedJson): unknown[] {
  const restored: Restored[] = [];
  for (const [index, entry] of shared.entries()) restored.push(restoreMembers(entry, restored, index, 0));
  return values.map((value) => restore(value, restored, shared.length, 0).value);
}

interface Restored {
  readonly value: unknown;
  readonly members: number;
}

function restore(value: unknown, restored: readonly Restored[], limit: number, depth: number): Restored {
  const index = referenceIn(value);
  if (index === undefined) return restoreMembers(value, restored, limit, depth);
  const found = Number.isInteger(index) && index < limit ? restored[index] : undefined;
  if (found === undefined) throw new SharedJsonError('it refers to a shared part that is not there');
  return found;
}

function restoreMembers(
  value: unknown,
  restored: readonly Restored[],
  limit: number,
  depth: number,
): Restored {
  if (typeof value !== 'object' || value === null) return { value, members: 1 };
  if (depth > MAX_DEPTH) throw new SharedJsonError('it is nested too deeply');
  const record = value as Record<string, unknown>;
  let members = 1;
  for (const key of Object.keys(record)) {
    const member = record[key];
    const found = restore(member, restored, limit, depth + 1);
    members += found.members;
    if (members > MAX_MEMBERS) throw new SharedJsonError('its shared parts add up to too much');
    if (found.value !== member) record[key] = found.value;
  }
  return { value, members };
}

/** The index that an object with the sole key `$shared` names; undefined for anything else. */
function referenceIn(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, KEY)) return undefined;
  const index = (value as Record<string, unknown>)[KEY];
  return typeof index === 'number' && Object.keys(value).length === 1 ? index : undefined;
}

function countObjects(value: unknown, counts: Map<object, number>): void {
  if (typeof value !== 'object' || value === null) return;
  const count = counts.get(value) ?? 0;
  counts.set(value, count + 1);
  if (count > 0) return;
  for (const member of Array.isArray(value) ? value : Object.values(value)) countObjects(member, counts);
}

/** The same object where no member changes. */
function mapMembers(value: object, map: (member: unknown) => unknown): unknown {
  let changed: Record<string, unknown> | unknown[] | undefined;
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    const member = record[key];
    const mapped = map(member);
    if (mapped === member) continue;
    changed ??= Array.isArray(value) ? [...value] : { ...record };
    (changed as Record<string, unknown>)[key] = mapped;
  }
  return changed ?? value;
}
