/**
 * Items in an order, which need not be in memory as objects: an implementation may make each of them anew whenever it is
 * asked for. An array is one.
 */
export interface Sequence<Item> extends Iterable<Item> {
  readonly length: number;
  /** As of an array: from the end where `index` is negative, undefined outside. */
  at(index: number): Item | undefined;
}

/** A sequence of `length` items, each made by `make` whenever it is asked for. */
export function sequenceOf<Item>(length: number, make: (index: number) => Item): Sequence<Item> {
  return {
    length,
    at: (index) => {
      const place = index < 0 ? length + index : index;
      return place >= 0 && place < length ? make(place) : undefined;
    },
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index += 1) yield make(index);
    },
  };
}
