/** Two members that belong together, or one that has no partner. */
export interface Pair<Item> {
  readonly before?: Item;
  readonly after?: Item;
}

/**
 * Pairs the members of two lists: first those that are equal by `exact`, then the others by `loose`, each in their order.
 * The result follows the second list; what is only in the first stands where its predecessor ended up.
 */
export function pairUp<Item>(
  before: readonly Item[],
  after: readonly Item[],
  exact: (item: Item) => string,
  loose: (item: Item) => string,
): Pair<Item>[] {
  const partnerOf = new Map<number, number>();
  const taken = new Set<number>();
  for (const keyOf of [exact, loose]) {
    const waiting = new Map<string, number[]>();
    for (const [index, item] of before.entries()) {
      if (taken.has(index)) continue;
      const key = keyOf(item);
      waiting.set(key, [...(waiting.get(key) ?? []), index]);
    }
    for (const [index, item] of after.entries()) {
      if (partnerOf.has(index)) continue;
      const found = waiting.get(keyOf(item))?.shift();
      if (found === undefined) continue;
      partnerOf.set(index, found);
      taken.add(found);
    }
  }
  const pairs: Pair<Item>[] = [];
  const alone = before.flatMap((item, index) => (taken.has(index) ? [] : [{ item, index }]));
  for (const [index, item] of after.entries()) {
    const partner = partnerOf.get(index);
    while (partner !== undefined && alone[0] !== undefined && alone[0].index < partner) {
      pairs.push({ before: alone[0].item });
      alone.shift();
    }
    const found = partner === undefined ? undefined : before[partner];
    pairs.push(found === undefined ? { after: item } : { before: found, after: item });
  }
  return [...pairs, ...alone.map(({ item }) => ({ before: item }))];
}
