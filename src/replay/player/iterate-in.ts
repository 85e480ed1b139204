/** Reads an iterable in a context: an asynchronous generator runs in that of whoever asks for its next value. */
export async function* iterateIn<Item>(
  run: <Result>(work: () => Result) => Result,
  open: () => AsyncIterable<Item>,
): AsyncGenerator<Item> {
  const iterator = run(() => open()[Symbol.asyncIterator]());
  let isDone = false;
  try {
    for (;;) {
      const next = await run(() => iterator.next());
      isDone = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    if (!isDone) await run(() => iterator.return?.());
  }
}
