import { v7 } from 'uuid';
import { type Clock, type Random, stableStringify } from '../../core/index.ts';
import type { EvaluatedRun, Evaluator, EvaluatorArgs } from '../evaluator.ts';
import { failureScores, scoreCall } from '../evaluators/index.ts';
import type { Example } from '../example.ts';
import type { Call, Score } from '../experiment.ts';
import { ownerOf } from '../gate/index.ts';
import type { Target } from '../targets/index.ts';
import { untilAborted } from './abort.ts';
import type { AnswerCache, CachedAnswer } from './answer-cache.ts';
import { answerUsage, type ModelPrices } from './answer-usage.ts';
import { backoffMs } from './backoff.ts';

/** What {@link callExample} works with. */
export interface CallSettings {
  readonly target: Target;
  readonly evaluators: readonly Evaluator[];
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly clusterField?: string | undefined;
  readonly prices?: ModelPrices | undefined;
  readonly cache?: AnswerCache | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** One example and repeat to call the target for. */
export interface CallTask {
  readonly example: Example;
  readonly contentHash: string;
  readonly repeat: number;
}

/**
 * Calls the target for one example, again while it is unavailable and retries are left, and scores the answer. Rejects
 * with the signal's reason, or with what the target throws because it is configured wrongly.
 */
export async function callExample(task: CallTask, settings: CallSettings): Promise<Call> {
  const { example, contentHash, repeat } = task;
  const identity = {
    exampleId: example.id,
    contentHash,
    repeat,
    critical: example.critical === true,
    ...clusterOf(example, settings.clusterField),
  };
  const known = await settings.cache?.get(example.inputs, repeat);
  if (known !== undefined) return fromCache(known, { identity, example }, settings);
  const { result, startTimeMs, attempts } = await callTarget(example, settings);
  const timing = { startTimeMs, latencyMs: result.latencyMs, attempts };
  if (result.kind === 'unavailable') {
    return { ...identity, ...timing, status: 'not_measured', error: result.error, scores: {} };
  }
  const runId = result.runId === undefined ? {} : { runId: result.runId };
  if (result.kind === 'agent_failed') {
    return {
      ...identity,
      ...runId,
      ...timing,
      status: 'agent_failed',
      error: result.error,
      ...(result.outputs === undefined ? {} : { outputs: result.outputs }),
      scores: failureScores(settings.evaluators, settings),
    };
  }
  const answer = { ...result, startTimeMs };
  const scores = await untilAborted(score(example, answer, settings), settings.signal);
  await settings.cache?.put(example.inputs, repeat, { outputs: result.outputs, ...runId });
  const used = usageOf(example, result.outputs, settings);
  return { ...identity, ...runId, ...timing, ...used, status: 'answered', outputs: result.outputs, scores };
}

/** An example whose metadata does not have the field varies with no other one. */
function clusterOf({ metadata }: Example, field: string | undefined): { cluster?: string } {
  const value =
    field !== undefined && metadata && Object.hasOwn(metadata, field) ? metadata[field] : undefined;
  return value === undefined || value === null
    ? {}
    : { cluster: typeof value === 'string' ? value : stableStringify(value) };
}

function usageOf(example: Example, outputs: Record<string, unknown>, { prices }: CallSettings) {
  const used = answerUsage(example.inputs, outputs, prices);
  if (used === undefined) return {};
  const { unpriced: _unpriced, ...usage } = used;
  return { usage };
}

/** Scores an answer of an earlier run. How long it took is not known: evaluators of time do not apply. */
async function fromCache(
  known: CachedAnswer,
  {
    identity,
    example,
  }: {
    readonly identity: Pick<Call, 'exampleId' | 'contentHash' | 'repeat' | 'critical'>;
    readonly example: Example;
  },
  settings: CallSettings,
): Promise<Call> {
  const runId = known.runId === undefined ? {} : { runId: known.runId };
  const timing = { startTimeMs: settings.clock.now(), latencyMs: 0, attempts: 1 };
  const timeless = settings.evaluators.filter(({ measuresTime }) => measuresTime !== true);
  const scored = score(example, { ...known, ...runId, ...timing }, { ...settings, evaluators: timeless });
  const scores = await untilAborted(scored, settings.signal);
  const timed = settings.evaluators.filter(({ measuresTime }) => measuresTime === true);
  const left = timed.map(({ key }): [string, Score] => [
    key,
    { status: 'not_applicable', comment: 'The answer is from the cache.' },
  ]);
  return {
    ...identity,
    ...runId,
    ...timing,
    cached: true,
    status: 'answered',
    outputs: known.outputs,
    scores: { ...scores, ...Object.fromEntries(left) },
  };
}

async function callTarget(example: Example, settings: CallSettings) {
  const { target, timeoutMs, maxRetries, clock, random, signal } = settings;
  for (let attempts = 1; ; attempts += 1) {
    const startTimeMs = clock.now();
    const result = await target.call(example.inputs, { signal, timeoutMs });
    if (result.kind !== 'unavailable' || attempts > maxRetries) return { result, startTimeMs, attempts };
    await clock.sleep(backoffMs(attempts, random, result.retryAfterMs), signal);
  }
}

/**
 * Scores an answer of an earlier session again, by the evaluators that could not measure it then. The target is not
 * called. Rejects with the signal's reason.
 */
export async function rescoreCall(call: Call, example: Example, settings: CallSettings): Promise<Call> {
  const isOpen = ({ key }: Evaluator) => call.scores[key]?.status === 'not_measured';
  const kept = Object.entries(call.scores).filter(([key]) => {
    const owner = ownerOf(key, settings.evaluators);
    return owner !== undefined && !isOpen(owner);
  });
  const evaluators = settings.evaluators.filter(isOpen);
  const answer = { ...call, outputs: call.outputs ?? {} };
  const scores = await untilAborted(score(example, answer, { ...settings, evaluators }), settings.signal);
  return { ...call, scores: { ...Object.fromEntries(kept), ...scores } };
}

interface Answer extends Pick<Call, 'runId' | 'startTimeMs' | 'latencyMs'> {
  readonly outputs: Record<string, unknown>;
}

async function score(
  example: Example,
  answer: Answer,
  { target, evaluators }: CallSettings,
): Promise<Record<string, Score>> {
  const run: EvaluatedRun = {
    id: answer.runId ?? v7(),
    name: target.spec,
    run_type: 'chain',
    inputs: example.inputs,
    outputs: answer.outputs,
    start_time: answer.startTimeMs,
    end_time: answer.startTimeMs + answer.latencyMs,
  };
  const args: EvaluatorArgs = {
    run,
    example,
    inputs: example.inputs,
    outputs: answer.outputs,
    referenceOutputs: example.outputs,
  };
  const scored = await Promise.all(evaluators.map((evaluator) => scoreCall(evaluator, args)));
  return Object.assign({}, ...scored);
}
