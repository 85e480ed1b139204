import { isRecord } from '../../core/index.ts';

/** A text that appears nowhere else, and where it was put. */
export interface Canary {
  /** Lower-case letters only, so that it survives what a graph does to text. */
  readonly id: string;
  /** For example `input.messages[0].content`, `metadata` or `tag`. */
  readonly place: string;
}

/** What canaries that have the shape of an e-mail address end with. */
const EMAIL_END = '@example.com';

/** Fields that say what a message or a tool call is. Changing one would test another input. */
const PROTOCOL_KEYS: ReadonlySet<string> = new Set(['role', 'type', 'id', 'tool_call_id', 'lc']);

/** Makes canaries and puts them into values. */
export class CanaryPlanter {
  readonly canaries: Canary[] = [];
  /** Texts of the input that were left as they are, by path. */
  readonly untouched: string[] = [];
  private readonly isEmail: boolean;

  /** @param options With `isEmail` the texts have the shape of an e-mail address, which redaction can find. */
  constructor({ isEmail }: { readonly isEmail: boolean }) {
    this.isEmail = isEmail;
  }

  /** A new text for a place. */
  text(place: string): string {
    const id = `sluicecanary${letters(this.canaries.length)}zq`;
    this.canaries.push({ id, place });
    return this.isEmail ? `${id}${EMAIL_END}` : id;
  }

  /** A text followed by a canary of its own. */
  after(text: string, place: string): string {
    return `${text} ${this.text(place)}`.trim();
  }

  /**
   * A copy of JSON in which every text is followed by a canary of its own, other than the role, type and ids of a message
   * or tool call.
   */
  plant(value: unknown, path: string): unknown {
    if (typeof value === 'string') return this.after(value, path);
    if (Array.isArray(value)) return value.map((item, index) => this.plant(item, `${path}[${index}]`));
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => {
        const at = `${path}.${key}`;
        if (typeof member !== 'string' || !PROTOCOL_KEYS.has(key)) return [key, this.plant(member, at)];
        this.untouched.push(at);
        return [key, member];
      }),
    );
  }
}

/** A text as it is without the canaries in it. */
export function withoutCanaries(text: string, canaries: readonly Canary[]): string {
  return canaries
    .reduce((left, { id }) => left.replaceAll(`${id}${EMAIL_END}`, '').replaceAll(id, ''), text)
    .trim();
}

/** `aaa`, `aab`: of one length up to 17,576, so that none is the beginning of another. */
function letters(index: number): string {
  const digits = index.toString(26).padStart(3, '0');
  return [...digits].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('');
}
