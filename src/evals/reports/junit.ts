import type { ScoredCall } from '../experiment.ts';
import { callsByExample, type EvaluatorVerdict, formatScore, type Verdict } from '../gate/index.ts';
import { headline } from './headline.ts';
import { exampleKinds } from './report-page.ts';
import type { Results } from './results.ts';
import { evaluatorLine } from './verdict-label.ts';
import { visibleText } from './visible-text.ts';

/** Options of {@link renderJunit}. */
export interface JunitOptions {
  readonly results: Results;
  /** What the verdict of `results` is, or would be for a run that was not gated. */
  readonly verdict: Verdict;
}

/** Characters of one text. */
const MAX_TEXT = 4_000;

interface TestCase {
  readonly name: string;
  readonly className: string;
  readonly timeMs: number;
  readonly result?: {
    readonly tag: 'failure' | 'error' | 'skipped';
    readonly type: string;
    readonly message: string;
    readonly text?: string;
  };
}

/**
 * `junit.xml` of a run, in the form that CI systems read (`testsuites`, `testsuite`, `testcase`): one test for each gated
 * evaluator and one for each example. It is as red as the gate: an example is a failure only where the gate failed and the
 * example got worse under an evaluator that failed, or is critical. What has no verdict is an error; what was not measured
 * is skipped. Text is made valid for XML 1.0. Pure; ends with a newline.
 */
export function renderJunit(options: JunitOptions): string {
  return [...junitText(options)].join('');
}

/** The text of {@link renderJunit} in pieces, so that a large one can be written without being in memory. */
export function* junitText({ results, verdict }: JunitOptions): Generator<string> {
  const { suite } = results.head;
  const gateCases = results.verdict === null ? [] : gateCasesOf(verdict, suite);
  const examples: Suite = { name: `${suite}: examples`, cases: () => exampleCases(results, verdict) };
  const suites = [
    ...(gateCases.length === 0 ? [] : [{ name: `${suite}: gate`, cases: () => gateCases }]),
    examples,
  ].map((each) => ({ ...each, counts: countsOf(each.cases()) }));
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites name=${attribute(suite)} ${countsText(suites.map(({ counts }) => counts))}>\n`;
  for (const { name, cases, counts } of suites) {
    yield `  <testsuite name=${attribute(name)} ${countsText([counts])} timestamp=${attribute(results.head.startedAt.replace(/(\.\d+)?Z$/, ''))}>\n`;
    yield* pieces(cases());
    yield '  </testsuite>\n';
  }
  yield '</testsuites>\n';
}

interface Suite {
  readonly name: string;
  /** Made anew each time: there are as many as examples. */
  readonly cases: () => Iterable<TestCase>;
}

const CASES_PER_PIECE = 500;

function* pieces(cases: Iterable<TestCase>): Generator<string> {
  let lines: string[] = [];
  for (const each of cases) {
    lines.push(...caseLines(each).map((line) => `${line}\n`));
    if (lines.length < CASES_PER_PIECE) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

function gateCasesOf(verdict: Verdict, suite: string): TestCase[] {
  const className = `${suite}.gate`;
  const evaluators = verdict.evaluators
    .filter(({ gated, status }) => gated && status !== 'not_applicable')
    .map((evaluator): TestCase => {
      const result = gateResult(evaluator, verdict);
      return { name: evaluator.key, className, timeMs: 0, ...(result === undefined ? {} : { result }) };
    });
  // What no evaluator stands for: critical examples, a missing baseline, a dataset that changed.
  const isShown = evaluators.some(({ result }) => result !== undefined);
  if (isShown || verdict.status === 'pass') return evaluators;
  const tag = verdict.status === 'fail' ? 'failure' : 'error';
  const result = {
    tag,
    type: verdict.status,
    message: headline(verdict),
    text: reasonText(verdict),
  } as const;
  return [...evaluators, { name: 'verdict', className, timeMs: 0, result }];
}

function gateResult(evaluator: EvaluatorVerdict, verdict: Verdict): TestCase['result'] {
  // Where the policy only warns, the gate passed.
  if (verdict.status === 'pass' || evaluator.status === 'pass') return undefined;
  const tag = evaluator.status === 'fail' ? 'failure' : 'error';
  return {
    tag,
    type: evaluator.label ?? evaluator.status,
    message: evaluatorLine(evaluator) ?? `${evaluator.key}: no verdict`,
    text: reasonText(verdict),
  };
}

function reasonText({ reasons }: Verdict): string {
  return reasons
    .filter(({ effect }) => effect !== 'warning')
    .map(({ message, hint }) => (hint === undefined ? message : `${message}\n${hint}`))
    .join('\n');
}

function* exampleCases({ calls, head, verdict: gated }: Results, verdict: Verdict): Generator<TestCase> {
  const isFailed = gated?.status === 'fail';
  const failedKeys = new Set(
    verdict.evaluators.filter((each) => each.gated && each.status === 'fail').map(({ key }) => key),
  );
  const changes = Map.groupBy(
    verdict.worse.filter(({ key }) => failedKeys.has(key)),
    ({ exampleId }) => exampleId,
  );
  const critical = new Map(verdict.critical.map((each) => [each.exampleId, each]));
  const kindOf = exampleKinds(verdict);
  const caseOf = (id: string, own: readonly ScoredCall[]): TestCase => {
    const timeMs = own.reduce((sum, call) => sum + call.latencyMs, 0);
    const base = { name: id, className: `${head.suite}.examples`, timeMs };
    const judged = critical.get(id);
    if (isFailed && judged?.status === 'fail') {
      const message = judged.reason ?? 'a critical example failed';
      return { ...base, result: { tag: 'failure', type: 'critical', message } };
    }
    const worse = changes.get(id);
    if (isFailed && worse !== undefined) {
      const message = worse
        .map(({ key, before, after }) => `${key} ${formatScore(before)} -> ${formatScore(after)}`)
        .join(', ');
      const text = [...new Set(worse.flatMap(({ comment, runId }) => [comment, runId && `run ${runId}`]))]
        .filter((line) => line !== undefined)
        .join('\n');
      const type = worse.some(({ agentFailed }) => agentFailed) ? 'agent_failed' : 'worse';
      return { ...base, result: { tag: 'failure', type, message, text } };
    }
    if (kindOf(id, own) === 'unmeasured') {
      const message = own.find(({ error }) => error !== undefined)?.error ?? 'not measured';
      return { ...base, result: { tag: 'skipped', type: 'not_measured', message } };
    }
    return base;
  };
  for (const own of callsByExample(calls)) {
    const id = own[0]?.exampleId;
    if (id !== undefined) yield caseOf(id, own);
  }
}

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  readonly timeMs: number;
}

const RESULT_COUNTS = { failure: 'failures', error: 'errors', skipped: 'skipped' } as const;

function countsOf(cases: Iterable<TestCase>): Counts {
  const counts = { tests: 0, failures: 0, errors: 0, skipped: 0, timeMs: 0 };
  for (const { result, timeMs } of cases) {
    counts.tests += 1;
    counts.timeMs += timeMs;
    if (result !== undefined) counts[RESULT_COUNTS[result.tag]] += 1;
  }
  return counts;
}

function countsText(all: readonly Counts[]): string {
  const sum = (name: keyof Counts) => all.reduce((total, counts) => total + counts[name], 0);
  return `tests="${sum('tests')}" failures="${sum('failures')}" errors="${sum('errors')}" skipped="${sum('skipped')}" time="${seconds(sum('timeMs'))}"`;
}

function caseLines({ name, className, timeMs, result }: TestCase): string[] {
  const open = `    <testcase name=${attribute(name)} classname=${attribute(className)} time="${seconds(timeMs)}"`;
  if (result === undefined) return [`${open}/>`];
  const { tag, type, message, text } = result;
  // A skipped test has no type in the schemas that CI systems check against.
  const attributes = `${tag === 'skipped' ? '' : ` type=${attribute(type)}`} message=${attribute(message)}`;
  const inner =
    text === undefined || text === ''
      ? `      <${tag}${attributes}/>`
      : `      <${tag}${attributes}>${xmlText(text)}</${tag}>`;
  return [`${open}>`, inner, '    </testcase>'];
}

function seconds(timeMs: number): string {
  return (timeMs / 1_000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** Text of an element: what XML 1.0 does not allow (`Char`, section 2.2) is written out. */
function xmlText(text: string): string {
  return xmlSafe(text).replace(/[&<>]/g, (character) => ENTITIES[character] ?? '');
}

/** A quoted attribute. Line feeds are kept as references: a parser makes spaces of them otherwise. */
function attribute(text: string): string {
  return `"${xmlSafe(text).replace(/[&<>"\n\t]/g, (character) => ENTITIES[character] ?? '')}"`;
}

function xmlSafe(text: string): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return visibleText(cut).replace(/[\uFFFE\uFFFF]/g, '\uFFFD');
}
