import { type Sequence, sequenceOf } from '../../core/index.ts';
import type { ScoredCall } from '../experiment.ts';

/** Of calls that were grouped before: several reports ask for the groups of one run. */
const known = new WeakMap<Sequence<ScoredCall>, Sequence<readonly ScoredCall[]>>();

/** The calls of each example, in the order in which the examples first come. Each group is made when it is asked for. */
export function callsByExample(calls: Sequence<ScoredCall>): Sequence<readonly ScoredCall[]> {
  const groups = known.get(calls) ?? groupCalls(calls);
  known.set(calls, groups);
  return groups;
}

function groupCalls(calls: Sequence<ScoredCall>): Sequence<readonly ScoredCall[]> {
  const starts = startsOf(calls);
  if (starts === undefined) return [...Map.groupBy(calls, ({ exampleId }) => exampleId).values()];
  return sequenceOf(starts.length, (index) => {
    const group: ScoredCall[] = [];
    const end = starts[index + 1] ?? calls.length;
    for (let place = starts[index] ?? end; place < end; place += 1) {
      const call = calls.at(place);
      if (call !== undefined) group.push(call);
    }
    return group;
  });
}

/** Where the calls of each example begin; undefined where those of one do not stand together, as they do in a run. */
function startsOf(calls: Sequence<ScoredCall>): Uint32Array | undefined {
  const seen = new Set<string>();
  const starts: number[] = [];
  let last: string | undefined;
  let place = 0;
  for (const { exampleId } of calls) {
    if (exampleId !== last) {
      if (seen.has(exampleId)) return undefined;
      seen.add(exampleId);
      starts.push(place);
      last = exampleId;
    }
    place += 1;
  }
  return Uint32Array.from(starts);
}
