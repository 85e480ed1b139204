/**
 * A map that forgets its oldest entries. The youngest `maxSize` are in it, and no more than twice as many.
 *
 * In two generations, of which the older is forgotten as a whole: taking the first entry out of a `Map` over and over searches
 * through all that were taken out before it.
 */
export class BoundedMap<Key, Value> {
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();
  private readonly maxSize: number;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
  }

  get(key: Key): Value | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  /** Sets an entry, which is then the youngest. */
  set(key: Key, value: Value): void {
    this.young.set(key, value);
    if (this.young.size < this.maxSize) return;
    this.old = this.young;
    this.young = new Map();
  }

  /** Takes an entry out. */
  take(key: Key): Value | undefined {
    const value = this.get(key);
    this.young.delete(key);
    this.old.delete(key);
    return value;
  }
}
