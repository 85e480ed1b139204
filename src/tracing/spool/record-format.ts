/** The text of a record, read: what it holds, or what keeps it from being that in the version known here. */
export type RecordReading<Item> = { readonly trace: Item } | { readonly problem: string };

/** How what is delivered stands in the records of a spool. */
export interface RecordFormat<Item> {
  /** What a record holds; names it in a dead letter. */
  readonly noun: string;
  /** It as text. */
  readonly text: (item: Item) => string;
  /** Reads such a text, written by this process or by another one. Never throws. */
  readonly read: (text: string) => RecordReading<Item>;
}
