import { seededRandom } from '../../src/core/index.ts';
import type { Experiment, Score, ScoredCall } from '../../src/evals/experiment.ts';
import {
  type GatePolicy,
  gate,
  type ScoreSet,
  toScoreSet,
  type Verdict,
} from '../../src/evals/gate/index.ts';
import { type ExampleEvidence, payloadView, type Results, toResults } from '../../src/evals/reports/index.ts';

/** Options of {@link sampleRun}. */
export interface SampleOptions {
  readonly examples: number;
  readonly repeats?: number;
  /** Share of answers that the candidate gets wrong beyond the baseline's. Default 0.1. */
  readonly worse?: number;
  readonly seed?: number;
  /** Put into ids, comments, errors and payloads. Default: nothing. */
  readonly hostile?: string;
  /** Characters of each answer. Default 400. */
  readonly answerChars?: number;
}

/** A run with everything that a report shows of it. */
export interface SampleRun {
  readonly experiment: Experiment;
  readonly baseline: ScoreSet;
  readonly verdict: Verdict;
  readonly results: Results;
  readonly evidence: ReadonlyMap<string, ExampleEvidence>;
}

const POLICY: GatePolicy = { threshold: 0.05, min: {}, evaluators: {} } as GatePolicy;
const TOPICS = ['refund', 'shipping', 'address', 'damaged', 'gift', 'invoice'];

/** A support agent's run against its baseline: seeded, with examples of every kind. */
export function sampleRun(options: SampleOptions): SampleRun {
  const random = seededRandom(options.seed ?? 7);
  const hostile = options.hostile ?? '';
  const before = experimentOf(options, random, 0.06);
  const after = experimentOf(options, random, 0.06 + (options.worse ?? 0.1));
  const baseline = toScoreSet(before);
  const verdict = gate({
    candidate: toScoreSet(after),
    baseline,
    policy: POLICY,
    suite: after.head.suite,
  });
  const results = toResults(after, verdict, {
    runId: before.head.runId,
    acceptedAt: '2026-11-14T09:12:00.000Z',
    commit: '89abcdef0123456789abcdef0123456789abcdef',
  });
  const evidence = new Map<string, ExampleEvidence>();
  for (const [id, calls] of Map.groupBy(after.calls, (call) => call.exampleId)) {
    const number = 1_000 + evidence.size;
    const asked = { role: 'user', content: `Hello, where is my parcel for order A-${number}?${hostile}` };
    const answer = 'The parcel left our warehouse on Monday and will reach you soon. '
      .repeat(20)
      .slice(0, options.answerChars ?? 400);
    evidence.set(id, {
      line: evidence.size + 1,
      inputs: payloadView({ messages: [asked], customerId: `C-${number}` }, { maxChars: 4_000 }),
      reference: payloadView({ resolution: true, contains: [`A-${number}`] }, { maxChars: 4_000 }),
      answers: new Map(
        calls.map((call) => [
          call.repeat,
          payloadView(
            {
              messages: [
                asked,
                {
                  type: 'ai',
                  content: '',
                  tool_calls: [{ name: 'look_up_order', args: { id: `A-${number}` } }],
                },
                { type: 'tool', name: 'look_up_order', content: `{"status":"shipped","eta":"${number}"}` },
                { type: 'ai', content: `${answer}${hostile}` },
              ],
              intent: 'order_status',
            },
            { maxChars: 4_000, after: { messages: [asked] } },
          ),
        ]),
      ),
    });
  }
  return { experiment: after, baseline, verdict, results, evidence };
}

function experimentOf(options: SampleOptions, random: () => number, wrong: number): Experiment {
  const calls: ScoredCall[] = [];
  for (let index = 0; index < options.examples; index += 1) {
    const topic = TOPICS[index % TOPICS.length] ?? '';
    const exampleId = `${topic}-${String(index).padStart(3, '0')}${options.hostile ?? ''}`;
    for (let repeat = 0; repeat < (options.repeats ?? 1); repeat += 1) {
      const fate = random();
      const isWrong = random() < wrong;
      const base = {
        exampleId,
        contentHash: `h${index}`,
        repeat,
        critical: index % 40 === 3,
        runId: `0199a3c4-0000-7000-8000-${String(index * 100 + repeat).padStart(12, '0')}`,
        startTimeMs: 0,
        latencyMs: Math.round(300 + random() * 900 + (isWrong ? 700 : 0)),
        attempts: fate > 0.97 ? 2 : 1,
      };
      if (fate < wrong / 8)
        calls.push({
          ...base,
          status: 'agent_failed',
          error: `Recursion limit of 25 reached without hitting a stop condition.${options.hostile ?? ''}`,
          scores: { has_resolution: scored(0), contains: scored(0), tool_trajectory: scored(0) },
        });
      else
        calls.push({
          ...base,
          status: 'answered',
          scores: {
            has_resolution: isWrong
              ? scored(0, `Nothing in the answer says what happens next.${options.hostile ?? ''}`)
              : scored(1),
            contains: scored(
              isWrong ? Math.round(random() * 2) / 4 : 1,
              isWrong ? `lacks "${topic}"` : undefined,
            ),
            tool_trajectory: scored(isWrong && random() < 0.3 ? 0 : 1),
            latency: scored(base.latencyMs),
          },
        });
    }
  }
  const evaluator = (key: string, gated = true) => ({
    key,
    direction: 'higher' as const,
    range: [0, 1] as [number, number],
    gate: gated,
    fingerprint: 'f',
  });
  return {
    finishedAt: '2026-11-22T10:04:31.000Z',
    calls,
    head: {
      schemaVersion: 2,
      runId: '0199a3c4-0000-7000-8000-000000000000',
      suite: 'support-agent',
      dataset: 'datasets/support-agent-golden-v1.jsonl',
      datasetFingerprint: 'fp',
      target: 'langserve:http://127.0.0.1:8000/agent',
      repeats: options.repeats ?? 1,
      timeoutMs: 30_000,
      evaluators: [
        evaluator('has_resolution'),
        evaluator('contains'),
        evaluator('tool_trajectory'),
        { key: 'latency', direction: 'lower', range: [0, null], gate: false, fingerprint: 'l' },
      ],
      commit: '0123456789abcdef0123456789abcdef01234567-dirty.89abcdef',
      startedAt: '2026-11-22T10:00:00.000Z',
    },
  };
}

function scored(score: number, comment?: string): Score {
  return comment === undefined ? { status: 'scored', score } : { status: 'scored', score, comment };
}
