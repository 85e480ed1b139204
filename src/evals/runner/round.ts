/** The tasks of one round: which example and repeat stands at which place. */
export interface Round {
  /** 0 for the first one. */
  readonly number: number;
  readonly size: number;
  exampleOf(place: number): number;
  repeatOf(place: number): number;
}

/** The first round: each example so many times, the repeats of an example together. */
export function firstRound(examples: number, repeats: number): Round {
  return {
    number: 0,
    size: examples * repeats,
    exampleOf: (place) => Math.floor(place / repeats),
    repeatOf: (place) => place % repeats,
  };
}

/** An extra round, from 1: each example once more. */
export function extraRound(examples: number, repeats: number, number: number): Round {
  return { number, size: examples, exampleOf: (place) => place, repeatOf: () => repeats + number - 1 };
}
