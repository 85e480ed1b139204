import { diffArrays } from 'diff';
import { stableStringify } from '../../core/index.ts';
import {
  callDivergences,
  callPlace,
  type Divergence,
  type DivergencePlace,
  errorChanges,
  hasGap,
  isKnown,
  outcomeChange,
  outputWords,
  placeText,
  taskPlace,
} from './divergence.ts';
import { type Pair, pairUp } from './pair-up.ts';
import type { CallUnit, GraphUnit, TaskUnit } from './run-tree.ts';
import { valueDiff } from './value-diff.ts';

/** A line of two runs side by side: a node or a call that is in both, or in one of them. */
export interface RunRow {
  /** From 0 for the nodes of the outermost graph. */
  readonly depth: number;
  readonly kind: 'node' | CallUnit['kind'];
  readonly before?: TaskUnit | CallUnit;
  readonly after?: TaskUnit | CallUnit;
  /** The differences that stand here. */
  readonly divergences: readonly Divergence[];
}

/** Two runs side by side. */
export interface Comparison {
  readonly rows: readonly RunRow[];
  /** In the order in which they came about: the first is where the runs part, the others may follow from it. */
  readonly divergences: readonly Divergence[];
}

/**
 * Compares two runs superstep by superstep: what each node was given, the calls that it made, what it wrote, how it ended
 * and where it sent the run. Nodes of one superstep run at the same time, so their order says nothing.
 */
export function compareRuns(before: GraphUnit, after: GraphUnit): Comparison {
  const comparison = new Comparing();
  comparison.graphs(before, after, undefined, 0);
  return { rows: comparison.rows, divergences: comparison.divergences };
}

interface StepPlace {
  readonly step: Pair<readonly TaskUnit[]>;
  readonly previous: Pair<readonly TaskUnit[]>;
  /** The next superstep of the run that has none here. */
  readonly next: Pair<readonly TaskUnit[]>;
}

class Comparing {
  readonly rows: RunRow[] = [];
  readonly divergences: Divergence[] = [];

  graphs(before: GraphUnit, after: GraphUnit, task: TaskUnit | undefined, depth: number): void {
    const place: DivergencePlace = task === undefined ? {} : taskPlace(task);
    if (!sameRoutes(before.startRoutes, after.startRoutes)) {
      this.tell('route', place, routeWords('at the start', before.startRoutes, after.startRoutes));
    }
    this.calls(before.calls, after.calls, task, depth);
    const steps = alignSteps(before.steps, after.steps);
    for (const [index, step] of steps.entries()) {
      const rest = steps.slice(index);
      // What comes next in the run that has nothing here.
      const next = rest.find((each) => each[step.after === undefined ? 'after' : 'before'] !== undefined);
      this.step({ step, previous: steps[index - 1] ?? {}, next: next ?? {} }, place, depth);
    }
  }

  private step({ step, previous, next }: StepPlace, place: DivergencePlace, depth: number): void {
    const pairs = pairUp(
      step.before ?? [],
      step.after ?? [],
      (task) => stableStringify([task.name, task.inputsKey]),
      (task) => task.name,
    );
    const gone = pairs.flatMap((pair) => (pair.after === undefined && pair.before ? [pair.before] : []));
    const come = pairs.flatMap((pair) => (pair.before === undefined && pair.after ? [pair.after] : []));
    if (gone.length > 0 || come.length > 0) {
      // Other nodes run than before: the place is where the run came from.
      const [from] = previous.after ?? previous.before ?? [];
      const when = from === undefined ? 'at the start' : 'after it';
      this.tell(
        'path',
        from === undefined ? place : taskPlace(from),
        `${when}, ${pathWords(gone, come, next)}`,
        spansOf(gone[0], come[0]),
      );
    }
    for (const pair of pairs) this.task(pair, depth);
  }

  private task({ before, after }: Pair<TaskUnit>, depth: number): void {
    const shown = after ?? before;
    if (shown === undefined) return;
    const index = this.rows.length;
    const row = { depth, kind: 'node', ...pairOf(before, after) } as const;
    // Its place is before what is inside; what stands at it is known at the end.
    this.rows.push({ ...row, divergences: [] });
    const isAlone = before === undefined || after === undefined;
    const given = isAlone ? [] : this.told(() => this.taskInputs(before, after));
    // A node that failed did not come to what follows in it.
    const failed = isAlone || (before.span.outcome === 'error') !== (after.span.outcome === 'error');
    this.parts(before?.parts ?? [], after?.parts ?? [], shown, depth + 1, failed);
    const ended = isAlone ? [] : this.told(() => this.taskEnd(before, after));
    this.rows[index] = { ...row, divergences: [...given, ...ended] };
  }

  private told(compare: () => void): readonly Divergence[] {
    const known = this.divergences.length;
    compare();
    return this.divergences.slice(known);
  }

  private taskInputs(before: TaskUnit, after: TaskUnit): void {
    // What follows from an earlier difference is no news: every later node would be named.
    if (before.inputsKey === after.inputsKey || this.divergences.length > 0) return;
    if (!isKnown(before, 'inputs') || !isKnown(after, 'inputs')) return;
    const changes = valueDiff(before.inputs, after.inputs);
    const fields = [...new Set(changes.map(({ path }) => path.split(/[.[]/, 1)[0] ?? ''))];
    const words = `the state that it was given changed here: ${fields.filter((field) => field !== '').join(', ')}`;
    this.tell('node_input', taskPlace(after), words, { ...spansOf(before, after), changes });
  }

  private parts(
    before: TaskUnit['parts'],
    after: TaskUnit['parts'],
    task: TaskUnit,
    depth: number,
    isCut: boolean,
  ): void {
    const [beforeCalls, afterCalls] = [before.filter(isCall), after.filter(isCall)];
    this.calls(beforeCalls, afterCalls, task, depth, isCut);
    const pairs = pairUp(before.filter(isGraph), after.filter(isGraph), graphName, graphName);
    for (const pair of pairs) {
      const known = pair.after ?? pair.before;
      if (known === undefined) continue;
      const empty: GraphUnit = { ...known, steps: [], startRoutes: [], calls: [] };
      const quiet = isCut && (pair.before === undefined || pair.after === undefined);
      const total = this.divergences.length;
      this.graphs(pair.before ?? empty, pair.after ?? empty, task, depth);
      // That the node around it is in one run only has been said.
      if (quiet) this.divergences.length = total;
    }
  }

  private calls(
    before: readonly CallUnit[],
    after: readonly CallUnit[],
    task: TaskUnit | undefined,
    depth: number,
    isCut = false,
  ): void {
    const pairs = pairUp(
      before,
      after,
      ({ kind, requestKey }) => `${kind} ${requestKey}`,
      ({ kind, name }) => (kind === 'model' ? kind : `${kind} ${name}`),
    );
    const reordered = reorderedCall(pairs, before);
    for (const pair of pairs) {
      const shown = pair.after ?? pair.before;
      if (shown === undefined) continue;
      const known = this.divergences.length;
      if (pair.before !== undefined && pair.after !== undefined) {
        if (pair === reordered) {
          this.tell('call_order', callPlace(pair.after, task), 'the calls come in another order from here', {
            ...spansOf(pair.before, pair.after),
          });
        }
        this.divergences.push(...callDivergences(pair.before, pair.after, task));
      } else if (!isCut) {
        const [kind, words] =
          pair.after === undefined
            ? (['call_missing', 'this call is not made any more'] as const)
            : (['call_added', 'this call was not made before'] as const);
        this.tell(kind, callPlace(shown, task), words, {
          ...spansOf(pair.before, pair.after),
          changes: valueDiff(pair.before?.request, pair.after?.request, 'request'),
        });
      }
      this.rows.push({
        depth,
        kind: shown.kind,
        ...pairOf(pair.before, pair.after),
        divergences: this.divergences.slice(known),
      });
    }
  }

  private taskEnd(before: TaskUnit, after: TaskUnit): void {
    const place = taskPlace(after);
    const ended = outcomeChange(before.span, after.span);
    const at = spansOf(before, after);
    if (ended !== undefined) {
      this.tell('outcome', place, ended, { ...at, changes: errorChanges(before, after) });
    } else if (!hasGap(before, 'outputs') && !hasGap(after, 'outputs')) {
      const changes = valueDiff(before.outputs, after.outputs);
      if (changes.length > 0) {
        this.tell('output', place, outputWords(changes, before.outputs, after.outputs), { ...at, changes });
      }
    }
    if (before.routes.length > 0 && after.routes.length > 0 && !sameRoutes(before.routes, after.routes)) {
      this.tell('route', place, routeWords('after it', before.routes, after.routes), at);
    }
  }

  private tell(
    kind: Divergence['kind'],
    place: DivergencePlace,
    words: string,
    more: Partial<Pick<Divergence, 'changes' | 'beforeSpanId' | 'afterSpanId'>> = {},
  ): void {
    this.divergences.push({ kind, place, summary: `${placeText(place)}: ${words}`, changes: [], ...more });
  }
}

function isCall(part: CallUnit | GraphUnit): part is CallUnit {
  return part.unit === 'call';
}

function isGraph(part: CallUnit | GraphUnit): part is GraphUnit {
  return part.unit === 'graph';
}

function graphName({ span }: GraphUnit): string {
  return span.name;
}

function pairOf<Item>(before: Item | undefined, after: Item | undefined): Pair<Item> {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function spansOf(
  before: { readonly span: { readonly id: string } } | undefined,
  after: { readonly span: { readonly id: string } } | undefined,
): Pick<Divergence, 'beforeSpanId' | 'afterSpanId'> {
  return {
    ...(before === undefined ? {} : { beforeSpanId: before.span.id }),
    ...(after === undefined ? {} : { afterSpanId: after.span.id }),
  };
}

function pathWords(
  gone: readonly TaskUnit[],
  come: readonly TaskUnit[],
  next: Pair<readonly TaskUnit[]>,
): string {
  const names = (tasks: readonly TaskUnit[]) => [...new Set(tasks.map(({ name }) => name))].join(', ');
  if (gone.length > 0 && come.length > 0) return `${names(come)} runs instead of ${names(gone)}`;
  if (gone.length > 0) {
    return `${names(gone)} does not run any more${next.after === undefined ? '' : `: ${names(next.after)} comes next`}`;
  }
  return `${names(come)} runs too${next.before === undefined ? '' : `, before ${names(next.before)}`}`;
}

function sameRoutes(before: readonly string[], after: readonly string[]): boolean {
  return stableStringify(before.toSorted()) === stableStringify(after.toSorted());
}

function routeWords(when: string, before: readonly string[], after: readonly string[]): string {
  const names = (targets: readonly string[]) =>
    targets.length === 0
      ? 'nowhere'
      : targets.map((name) => (name === '__end__' ? 'the end' : name)).join(', ');
  return `${when}, the route changed: to ${names(after)} instead of ${names(before)}`;
}

/** Supersteps that have the same nodes stand side by side; between them, those in the same place that share a node. */
function alignSteps(before: GraphUnit['steps'], after: GraphUnit['steps']): Pair<readonly TaskUnit[]>[] {
  const key = (tasks: readonly TaskUnit[]) => tasks.map(({ name }) => name).join('\n');
  const parts = diffArrays(before.map(key), after.map(key));
  const pairs: Pair<readonly TaskUnit[]>[] = [];
  let [a, b] = [0, 0];
  for (const [index, part] of parts.entries()) {
    const count = part.value.length;
    if (!part.added && !part.removed) {
      for (let n = 0; n < count; n += 1) pairs.push(pairOf(before[a + n], after[b + n]));
      a += count;
      b += count;
    } else if (part.removed) {
      const next = parts[index + 1];
      const gone = before.slice(a, a + count);
      const come = next?.added === true ? after.slice(b, b + next.value.length) : [];
      a += count;
      b += come.length;
      pairs.push(...replaced(gone, come));
    } else if (parts[index - 1]?.removed !== true) {
      for (let n = 0; n < count; n += 1) pairs.push(pairOf(undefined, after[b + n]));
      b += count;
    }
  }
  return pairs;
}

/** One superstep in place of another stands beside it: the run took another way there. */
function replaced(
  gone: readonly (readonly TaskUnit[])[],
  come: readonly (readonly TaskUnit[])[],
): Pair<readonly TaskUnit[]>[] {
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, index) =>
    pairOf(gone[index], come[index]),
  );
}

/** The first call that now comes before one that it came after; calls that ran at the same time have no order. */
function reorderedCall(
  pairs: readonly Pair<CallUnit>[],
  before: readonly CallUnit[],
): Pair<CallUnit> | undefined {
  const places = new Map(before.map((call, index) => [call, index]));
  let found: Pair<CallUnit> | undefined;
  let earliest: { readonly call: CallUnit; readonly index: number } | undefined;
  for (const pair of pairs.toReversed()) {
    if (pair.before === undefined || pair.after === undefined) continue;
    const index = places.get(pair.before) ?? -1;
    if (earliest === undefined || index < earliest.index) earliest = { call: pair.before, index };
    else if (earliest.call.span.endTimeMs < pair.before.span.startTimeMs) found = pair;
  }
  return found;
}
