/** Finished spans on their way out. */
export interface OutgoingSpans {
  readonly count: number;
  /** Makes the JSON of an OTLP request of them, when their turn comes. */
  readonly encode: () => Uint8Array;
}

/** Where the spans go that an SDK of our own has recorded. None of it throws or rejects. */
export interface SpanOutlet {
  /** Takes spans. Returns at once. */
  add(spans: OutgoingSpans): void;
  /** Resolves when what was taken so far has arrived, or could not. */
  flush(): Promise<void>;
}
