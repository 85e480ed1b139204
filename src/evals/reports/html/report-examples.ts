import { formatScore } from '../../gate/index.ts';
import { replayCommand, traceCommand } from '../commands.ts';
import { MAX_ANSWERS } from '../example-evidence.ts';
import type { PayloadView } from '../payload.ts';
import { plainText } from '../plain-text.ts';
import { EXAMPLE_KINDS, type ExampleKind, type PageExample, type ReportPage } from '../report-page.ts';
import { visibleText } from '../visible-text.ts';
import { type Html, html } from './markup.ts';

/** Words for what happened to an example. */
export const KIND_TEXT: Readonly<Record<ExampleKind, string>> = {
  critical: 'critical',
  failed: 'agent failed',
  worse: 'worse',
  unmeasured: 'not measured',
  new: 'new',
  edited: 'edited',
  better: 'better',
  same: 'unchanged',
};

const KIND_TONE: Readonly<Record<ExampleKind, string>> = {
  critical: 'fail',
  failed: 'fail',
  worse: 'fail',
  unmeasured: 'no_verdict',
  new: 'none',
  edited: 'none',
  better: 'pass',
  same: 'none',
};

/** Examples whose details stand in one block of data: one is parsed when the first of its examples is opened. */
export const EXAMPLES_PER_BLOCK = 20;

/** Scores named in a row; the others are in its details. */
const ROW_SCORES = 2;

/** The list of examples with its controls. */
export function reportExamples(page: ReportPage): Html {
  const { examples, examplesCut, gated } = page;
  const counts = Map.groupBy(examples, ({ kind }) => kind);
  const kinds = EXAMPLE_KINDS.filter((kind) => counts.has(kind));
  const keys = page.verdict.evaluators.filter(
    ({ gated: isGated, status }) => isGated && status !== 'not_applicable',
  );
  const option = (value: string, text: string) => html`<option value="${value}">${text}</option>`;
  const controls = html`<form class="controls" role="search" aria-label="Examples">
<label><span>Search</span><input id="q" type="search" autocomplete="off" placeholder="id or reason  ( / )"></label>
<label><span>Show</span><select id="kind">${option('', `all ${examples.length}`)}${kinds.map((kind) => option(kind, `${kindText(kind, gated)} (${counts.get(kind)?.length ?? 0})`))}</select></label>
${keys.length > 1 && gated && html`<label><span>Worse by</span><select id="key">${option('', 'any evaluator')}${keys.map(({ key }, index) => option(String(index), key))}</select></label>`}
<label><span>Sort</span><select id="sort">${option('o', gated ? 'worst first' : 'by what happened')}${option('n', 'dataset order')}${option('id', 'id')}${option('ms', 'slowest first')}</select></label>
<button type="button" id="expand">Open all</button></form>`;
  const rows = examples.map((example, index) => exampleRow(example, index, { keys, gated }));
  return html`<section aria-labelledby="examples"><h2 id="examples">Examples <span class="count" id="shown" role="status">${examples.length}</span></h2>${controls}<noscript><p class="note">The details of an example are put in by a script of this page, which this browser does not run.</p></noscript><ol class="examples" id="list">${rows}</ol><p class="note" id="none" hidden>No example is like this.</p>${
    examplesCut > 0 &&
    html`<p class="note">And ${examplesCut} more examples, none of them worse than the last one in this list: see results.json.</p>`
  }</section>`;
}

function kindText(kind: ExampleKind, gated: boolean): string {
  return kind === 'same' && !gated ? 'scored' : KIND_TEXT[kind];
}

function exampleRow(
  example: PageExample,
  index: number,
  { keys, gated }: { readonly keys: readonly { readonly key: string }[]; readonly gated: boolean },
): Html {
  const { id, kind, critical, why, scores, latencyMs } = example;
  const worse = keys
    .flatMap(({ key }, place) =>
      scores.some((score) => score.key === key && score.change === 'worse') ? [place] : [],
    )
    .join(' ');
  const changed = scores.filter((score) => score.change !== 'none');
  const named = changed.slice(0, ROW_SCORES).map(({ key, before, after, change }) => {
    return html`<span class="score ${change}">${plainText(key, 30)} <b>${number(before)} → ${number(after)}</b></span>`;
  });
  const more =
    changed.length > ROW_SCORES && html`<span class="score">+${changed.length - ROW_SCORES}</span>`;
  // A critical example that passed is worth its mark as well.
  const mark = critical && kind !== 'critical' && html`<span class="badge quiet">critical</span>`;
  return html`<li id="e-${index}" data-k="${kind}" data-w="${worse}" data-n="${example.index}" data-ms="${Math.round(latencyMs ?? -1)}"><details><summary class="tone-${KIND_TONE[kind]}"><span class="badge">${kindText(kind, gated)}</span>${mark}<bdi class="id">${plainText(id, 120)}</bdi><span class="row-scores">${named}${more}</span>${why !== '' && html`<bdi class="why">${plainText(why, 160)}</bdi>`}</summary><div class="body"></div></details></li>
`;
}

function number(value: number | null): string {
  return value === null ? '–' : formatScore(value);
}

/** What the script of the page shows of an opened example. Every text in it is already visible; none is markup. */
export interface ExampleDetail {
  readonly place: string | null;
  readonly inputs: PayloadView | null;
  readonly reference: PayloadView | null;
  /** Key, before, after, and `worse`, `better` or `none`. */
  readonly scores: readonly (readonly [key: string, before: string, after: string, change: string])[];
  readonly runs: readonly RunDetail[];
  /** Runs that are only counted. */
  readonly runsCut: number;
}

/** One call of an opened example. */
export interface RunDetail {
  readonly title: string;
  readonly status: 'answered' | 'agent failed' | 'not measured';
  readonly error: string | null;
  readonly scores: readonly (readonly [key: string, score: string, comment: string])[];
  /** Null where it is left out. */
  readonly answer: PayloadView | null;
  readonly commands: readonly (readonly [label: string, command: string])[];
}

/** Runs listed of one example. */
const MAX_RUNS = 12;
/** Characters of a comment or an error. */
const MAX_COMMENT = 4_000;

/** The details of the examples in blocks of {@link EXAMPLES_PER_BLOCK}, by the id of their element, each made when its turn comes. */
export function* exampleBlocks(page: ReportPage): Generator<[id: string, details: readonly ExampleDetail[]]> {
  for (let start = 0; start < page.examples.length; start += EXAMPLES_PER_BLOCK) {
    const examples = page.examples.slice(start, start + EXAMPLES_PER_BLOCK);
    yield [`b-${start / EXAMPLES_PER_BLOCK}`, examples.map((example) => toDetail(example, page))];
  }
}

function toDetail(example: PageExample, page: ReportPage): ExampleDetail {
  const { evidence, calls, scores } = example;
  const { dataset, target } = page.results.head;
  return {
    place: evidence?.line === undefined ? null : visibleText(`${dataset}:${evidence.line}`),
    inputs: evidence?.inputs ?? null,
    reference: evidence?.reference ?? null,
    scores: scores.map(({ key, before, after, change }) => [
      visibleText(key),
      number(before),
      number(after),
      change,
    ]),
    runs: calls.slice(0, MAX_RUNS).map((call, place): RunDetail => {
      const trace = traceCommand(call.runId);
      const replay = replayCommand(call.runId, target);
      return {
        title: visibleText(
          `Run ${call.repeat + 1} of ${calls.length}, ${duration(call.latencyMs)}${call.attempts > 1 ? `, ${call.attempts} attempts` : ''}`,
        ),
        status: STATUS[call.status],
        error: call.error === undefined ? null : comment(call.error),
        scores: Object.entries(call.scores).map(([key, score]) =>
          score.status === 'scored'
            ? [visibleText(key), formatScore(score.score), comment(score.comment ?? '')]
            : score.status === 'not_measured'
              ? [visibleText(key), 'not measured', comment(score.reason)]
              : [visibleText(key), 'does not apply', comment(score.comment ?? '')],
        ),
        answer: (place < MAX_ANSWERS ? evidence?.answers.get(call.repeat) : undefined) ?? null,
        commands: [
          ...(trace === undefined ? [] : [['Trace', trace] as const]),
          ...(replay === undefined ? [] : [['Replay', visibleText(replay)] as const]),
        ],
      };
    }),
    runsCut: Math.max(0, calls.length - MAX_RUNS),
  };
}

const STATUS = { answered: 'answered', agent_failed: 'agent failed', not_measured: 'not measured' } as const;

function comment(text: string): string {
  const visible = visibleText(text.slice(0, MAX_COMMENT));
  return text.length > MAX_COMMENT ? `${visible}… (${text.length - MAX_COMMENT} characters more)` : visible;
}

function duration(latencyMs: number): string {
  return latencyMs < 1_000 ? `${Math.round(latencyMs)} ms` : `${(latencyMs / 1_000).toFixed(1)} s`;
}
