import { type EvaluatorVerdict, formatScore, type Verdict } from '../gate/index.ts';
import { headline } from './headline.ts';
import { orderExamples } from './report-page.ts';
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
export function renderJunit({ results, verdict }: JunitOptions): string {
  const { suite } = results.head;
  const gateCases = results.verdict === null ? [] : gateCasesOf(verdict, suite);
  const suites = [
    ...(gateCases.length === 0 ? [] : [{ name: `${suite}: gate`, cases: gateCases }]),
    { name: `${suite}: examples`, cases: exampleCases(results, verdict) },
  ];
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name=${attribute(suite)} ${counts(all)}>`,
    ...suites.flatMap(({ name, cases }) => [
      `  <testsuite name=${attribute(name)} ${counts(cases)} timestamp=${attribute(results.head.startedAt.replace(/(\.\d+)?Z$/, ''))}>`,
      ...cases.flatMap(caseLines),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
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

function exampleCases({ calls, head, verdict: gated }: Results, verdict: Verdict): TestCase[] {
  const all = Map.groupBy(calls, (call) => call.exampleId);
  const kinds = new Map(
    orderExamples({ calls, head }, verdict, Number.POSITIVE_INFINITY).map(({ id, kind }) => [id, kind]),
  );
  const isFailed = gated?.status === 'fail';
  const failedKeys = new Set(
    verdict.evaluators.filter((each) => each.gated && each.status === 'fail').map(({ key }) => key),
  );
  const changes = Map.groupBy(
    verdict.worse.filter(({ key }) => failedKeys.has(key)),
    ({ exampleId }) => exampleId,
  );
  const critical = new Map(verdict.critical.map((each) => [each.exampleId, each]));
  return [...all].map(([id, own]): TestCase => {
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
    if (kinds.get(id) === 'unmeasured') {
      const message = own.find(({ error }) => error !== undefined)?.error ?? 'not measured';
      return { ...base, result: { tag: 'skipped', type: 'not_measured', message } };
    }
    return base;
  });
}

function counts(cases: readonly TestCase[]): string {
  const of = (tag: string) => cases.filter(({ result }) => result?.tag === tag).length;
  const timeMs = cases.reduce((sum, each) => sum + each.timeMs, 0);
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}" time="${seconds(timeMs)}"`;
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
