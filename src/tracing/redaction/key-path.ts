/** A path of object keys, compiled. */
export interface KeyPath {
  /** What stands in the mark: the path as it was written, without a leading `**.`. */
  readonly label: string;
  /** Keys in lower case; `*` is any one key and `**` any number of them. */
  readonly segments: readonly string[];
}

/** Dot-separated keys, `*` for any one and `**` for any number of them. The last one names what is removed. */
export const KEY_PATH = /^(?:(?:\*{1,2}|[^.*\s][^.*]*)\.)*(?:\*|[^.*\s][^.*]*)$/;

/** A path as it is written in options: `customer.address`, `**.password`, `headers.*.value`. */
export function compileKeyPath(path: string): KeyPath {
  const label = path.replace(/^(?:\*\*\.)+/, '');
  return { label, segments: label.toLowerCase().split('.') };
}

/** Paths indexed by their last key, since they are asked about every member of every payload. */
export class KeyPaths {
  /** Whether there are none. */
  readonly isEmpty: boolean;
  private readonly byLastKey = new Map<string, KeyPath[]>();
  private readonly anyLastKey: KeyPath[] = [];

  constructor(paths: readonly KeyPath[]) {
    this.isEmpty = paths.length === 0;
    for (const path of paths) {
      const last = path.segments.at(-1) ?? '';
      if (last === '*') this.anyLastKey.push(path);
      else this.byLastKey.set(last, [...(this.byLastKey.get(last) ?? []), path]);
    }
  }

  /**
   * The path that covers the member reached by these keys, at any depth: what is `customer.address` in a request is the
   * same in the state of the graph and in the arguments of a tool. List indices are no keys.
   */
  find(trail: readonly string[]): KeyPath | undefined {
    const last = trail.at(-1);
    if (this.isEmpty || last === undefined) return undefined;
    const covers = (path: KeyPath) =>
      endsWith(trail, trail.length - 1, path.segments, path.segments.length - 1);
    return this.byLastKey.get(last.toLowerCase())?.find(covers) ?? this.anyLastKey.find(covers);
  }

  /** Whether a text speaks of a key that is covered: then, if the text cannot be parsed, none of it is safe. */
  mentionedIn(text: string): boolean {
    if (this.anyLastKey.length > 0) return true;
    const lower = text.toLowerCase();
    return [...this.byLastKey.keys()].some((key) => lower.includes(key));
  }
}

function endsWith(
  trail: readonly string[],
  at: number,
  segments: readonly string[],
  segment: number,
): boolean {
  if (segment < 0) return true;
  const wanted = segments[segment];
  if (wanted === '**') {
    for (let from = at; from >= -1; from -= 1) {
      if (endsWith(trail, from, segments, segment - 1)) return true;
    }
    return false;
  }
  const key = trail[at];
  if (key === undefined || (wanted !== '*' && key.toLowerCase() !== wanted)) return false;
  return endsWith(trail, at - 1, segments, segment - 1);
}
