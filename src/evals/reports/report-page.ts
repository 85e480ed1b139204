import type { Sequence } from '../../core/index.ts';
import type { ScoredCall } from '../experiment.ts';
import {
  callsByExample,
  type EvaluatorVerdict,
  type ExampleChange,
  type MeasuredExample,
  type ScoreSet,
  type Verdict,
} from '../gate/index.ts';
import { type Evidence, type ExampleEvidence, MAX_PAGE_EXAMPLES, worstFirst } from './example-evidence.ts';
import type { Results } from './results.ts';

/** What happened to an example, the gravest first. */
export const EXAMPLE_KINDS = [
  'critical',
  'failed',
  'worse',
  'unmeasured',
  'new',
  'edited',
  'better',
  'same',
] as const;
/** See {@link EXAMPLE_KINDS}. */
export type ExampleKind = (typeof EXAMPLE_KINDS)[number];

/** The score of an example under one key. */
export interface PageScore {
  readonly key: string;
  /** Mean over the repeats of the baseline; null where it has none. */
  readonly before: number | null;
  /** Mean over the measured repeats; null where there is none. */
  readonly after: number | null;
  readonly gated: boolean;
  /** `none`: the two cannot be compared or are equal, or nothing is gated on them. */
  readonly change: 'worse' | 'better' | 'none';
}

/** One example of a page. */
export interface PageExample {
  readonly id: string;
  readonly kind: ExampleKind;
  readonly critical: boolean;
  /** Why it is of this kind, as an evaluator or the agent said; empty where nobody said anything. Not yet safe to print. */
  readonly why: string;
  /** Of every key that is scored in it or in the baseline. */
  readonly scores: readonly PageScore[];
  /** Mean over the measured calls; null without one. */
  readonly latencyMs: number | null;
  /** Its calls, worst first. */
  readonly calls: readonly ScoredCall[];
  /** Place in the dataset, from 0. */
  readonly index: number;
  readonly evidence: ExampleEvidence | undefined;
}

/** The scores of one key on both sides. */
export interface Distribution {
  readonly verdict: EvaluatorVerdict;
  /** Means of the compared examples; empty without a baseline. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Lowest and highest possible score; null where there is no bound. */
  readonly range: readonly [number | null, number | null];
}

/** Everything a page shows. */
export interface ReportPage {
  readonly results: Results;
  readonly verdict: Verdict;
  readonly gated: boolean;
  /** Worst first. */
  readonly examples: readonly PageExample[];
  /** Examples of the run that are not on the page. */
  readonly examplesCut: number;
  readonly distributions: readonly Distribution[];
  /** False: there is no baseline, or it was replaced after the run. */
  readonly hasBaseline: boolean;
}

/** Options of {@link toReportPage}. */
export interface ReportPageOptions {
  readonly results: Results;
  readonly verdict: Verdict;
  /** The baseline that the run was compared with, for scores and plots; absent without one. */
  readonly baseline?: ScoreSet | undefined;
  /** What was asked and answered. */
  readonly evidence: Evidence;
  /** Default {@link MAX_PAGE_EXAMPLES}. */
  readonly maxExamples?: number;
}

/** Puts together what a page shows. Pure. */
export function toReportPage(options: ReportPageOptions): ReportPage {
  const { results, verdict, baseline, evidence, maxExamples = MAX_PAGE_EXAMPLES } = options;
  const all = callsByExample(results.calls);
  const before = baseline && examplesById(baseline);
  const order = orderExamples(results, verdict, maxExamples);
  const worse = firstOf(verdict.worse);
  const critical = new Map(
    verdict.critical.filter(({ status }) => status !== 'pass').map((each) => [each.exampleId, each.reason]),
  );
  const keys = gatedKeys(results, verdict);
  const examples = order.map(({ id, kind, index }): PageExample => {
    const calls = all.at(index) ?? [];
    const [first] = calls;
    const was = comparable(before?.(id), first);
    const measured = calls.filter((call) => call.status !== 'not_measured');
    return {
      id,
      kind,
      critical: first?.critical ?? false,
      why: critical.get(id) ?? worse.get(id)?.comment ?? errorOf(calls) ?? '',
      scores: verdict.evaluators.flatMap((evaluator) => pageScore(evaluator, calls, was)),
      latencyMs: meanOf(measured.map((call) => call.latencyMs)),
      calls: worstFirst(calls, keys),
      index,
      evidence: evidence.get(id),
    };
  });
  return {
    results,
    verdict,
    gated: results.verdict !== null,
    examples,
    examplesCut: all.length - examples.length,
    distributions: distributions(verdict, results, all, before),
    hasBaseline: baseline !== undefined,
  };
}

/** An example with what happened to it. */
export interface OrderedExample {
  readonly id: string;
  readonly kind: ExampleKind;
  /** Place in the dataset, from 0. */
  readonly index: number;
}

/** The examples that a page shows, worst first, with what happened to each. */
export function orderExamples(
  results: Pick<Results, 'calls' | 'head'>,
  verdict: Verdict,
  maxExamples = MAX_PAGE_EXAMPLES,
): OrderedExample[] {
  const all = callsByExample(results.calls);
  const kindOf = exampleKinds(verdict);
  const places = new Map([...firstOf(verdict.worse).keys()].map((id, place) => [id, place]));
  const ids: string[] = [];
  const ranks: number[] = [];
  const sizes: number[] = [];
  for (const calls of all) {
    const id = calls[0]?.exampleId ?? '';
    ids.push(id);
    ranks.push(rankOf(kindOf(id, calls)));
    sizes.push(places.get(id) ?? all.length);
  }
  const of = (values: readonly number[], index: number) => values[index] ?? 0;
  return Array.from(ids.keys())
    .sort((a, b) => of(ranks, a) - of(ranks, b) || of(sizes, a) - of(sizes, b) || a - b)
    .slice(0, maxExamples)
    .map((index) => ({ id: ids[index] ?? '', kind: EXAMPLE_KINDS[of(ranks, index)] ?? 'same', index }));
}

/** Says what happened to an example: the gravest of what the verdict and its calls say. */
export function exampleKinds(verdict: Verdict): (id: string, calls: readonly ScoredCall[]) => ExampleKind {
  const kinds = kindsOf(verdict);
  return (id, calls) => EXAMPLE_KINDS[Math.min(rankOf(kinds.get(id)), rankOf(kindOfCalls(calls)))] ?? 'same';
}

function rankOf(kind: ExampleKind | undefined): number {
  return EXAMPLE_KINDS.indexOf(kind ?? 'same');
}

/** What the verdict says of examples; the gravest wins. */
function kindsOf(verdict: Verdict): ReadonlyMap<string, ExampleKind> {
  const kinds = new Map<string, ExampleKind>();
  for (const { exampleId } of verdict.better) kinds.set(exampleId, 'better');
  for (const id of verdict.edited) kinds.set(id, 'edited');
  for (const id of verdict.added) kinds.set(id, 'new');
  for (const { exampleId, agentFailed } of verdict.worse)
    kinds.set(exampleId, agentFailed ? 'failed' : 'worse');
  for (const { exampleId, status } of verdict.critical) {
    if (status === 'fail') kinds.set(exampleId, 'critical');
    else if (status === 'no_verdict') kinds.set(exampleId, 'unmeasured');
  }
  return kinds;
}

function kindOfCalls(calls: readonly ScoredCall[]): ExampleKind | undefined {
  if (calls.some(({ status }) => status === 'agent_failed')) return 'failed';
  return calls.some(({ status }) => status === 'not_measured') ? 'unmeasured' : undefined;
}

/** The largest change of each example. */
function firstOf(changes: readonly ExampleChange[]): ReadonlyMap<string, ExampleChange> {
  const first = new Map<string, ExampleChange>();
  for (const change of changes) if (!first.has(change.exampleId)) first.set(change.exampleId, change);
  return first;
}

function comparable(
  was: MeasuredExample | undefined,
  call: ScoredCall | undefined,
): MeasuredExample | undefined {
  return was !== undefined && was.contentHash === call?.contentHash ? was : undefined;
}

function errorOf(calls: readonly ScoredCall[]): string | undefined {
  return calls.find((call) => call.error !== undefined)?.error;
}

function pageScore(
  { key, gated, direction }: EvaluatorVerdict,
  calls: readonly ScoredCall[],
  was: MeasuredExample | undefined,
): PageScore[] {
  const after = meanOf(calls.flatMap((call) => scoreOf(call, key)));
  const before = was === undefined ? null : meanBefore(was, key);
  if (after === null && before === null) return [];
  const gain =
    before === null || after === null ? 0 : direction === 'higher' ? after - before : before - after;
  // Of advisory scores, such as times, nearly each is a little worse or better.
  const change = !gated || Math.abs(gain) < 1e-9 ? 'none' : gain < 0 ? 'worse' : 'better';
  return [{ key, before, after, gated, change }];
}

function scoreOf(call: ScoredCall, key: string): number[] {
  const score = Object.hasOwn(call.scores, key) ? call.scores[key] : undefined;
  return score?.status === 'scored' ? [score.score] : [];
}

function meanBefore(example: MeasuredExample, key: string): number | null {
  return meanOf(
    example.calls.flatMap(({ scores }) => {
      const score = Object.hasOwn(scores, key) ? scores[key] : undefined;
      return typeof score === 'number' ? [score] : [];
    }),
  );
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function gatedKeys(results: Results, verdict: Verdict): Results['head']['evaluators'] {
  const gated = new Set(verdict.evaluators.filter((each) => each.gated).map(({ key }) => key));
  return results.head.evaluators.filter(({ key }) => gated.has(key));
}

/** Plots of one page; more are noise. Gated keys come first. */
const MAX_DISTRIBUTIONS = 12;

/** Finds the examples of a side by id, without keeping them. */
function examplesById({ examples }: ScoreSet): (id: string) => MeasuredExample | undefined {
  const places = new Map<string, number>();
  for (const { id } of examples) places.set(id, places.size);
  return (id) => {
    const place = places.get(id);
    return place === undefined ? undefined : examples.at(place);
  };
}

/** Scores of the examples that count in the means: critical ones stand outside them. */
function distributions(
  verdict: Verdict,
  results: Results,
  all: Sequence<readonly ScoredCall[]>,
  baseline: ((id: string) => MeasuredExample | undefined) | undefined,
): Distribution[] {
  const ranges = new Map(results.head.evaluators.map(({ key, range }) => [key, range]));
  const plots = verdict.evaluators
    .filter(({ status }) => status !== 'not_applicable')
    .toSorted((a, b) => Number(b.gated) - Number(a.gated))
    .slice(0, MAX_DISTRIBUTIONS)
    .map((evaluator) => ({ evaluator, before: [] as number[], after: [] as number[] }));
  for (const calls of all) {
    const [first] = calls;
    if (first === undefined || first.critical) continue;
    const was = comparable(baseline?.(first.exampleId), first);
    for (const { evaluator, before, after } of plots) {
      const now = meanOf(calls.flatMap((call) => scoreOf(call, evaluator.key)));
      if (now === null) continue;
      const then = was === undefined ? null : meanBefore(was, evaluator.key);
      if (baseline !== undefined && then === null) continue;
      after.push(now);
      if (then !== null) before.push(then);
    }
  }
  return plots
    .filter(({ after }) => after.length > 0)
    .map(({ evaluator, before, after }) => ({
      verdict: evaluator,
      before,
      after,
      range: ranges.get(evaluator.key) ?? [null, null],
    }));
}
