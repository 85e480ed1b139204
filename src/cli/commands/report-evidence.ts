import { errorMessage, type Sequence, SluiceError } from '../../core/index.ts';
import { contentHash, type OpenDataset, openDataset } from '../../evals/datasets/index.ts';
import type { Example } from '../../evals/example.ts';
import type { ScoredCall } from '../../evals/experiment.ts';
import { callsByExample, type Verdict } from '../../evals/gate/index.ts';
import {
  charsPerExample,
  type ExampleEvidence,
  MAX_ANSWERS,
  type OrderedExample,
  orderExamples,
  type PayloadView,
  payloadView,
  type Results,
  worstFirst,
} from '../../evals/reports/index.ts';
import { journalAnswers } from '../../evals/runner/index.ts';
import type { CommandContext } from '../command.ts';

/** What {@link collectEvidence} looks for. */
export interface EvidenceQuery {
  readonly results: Results;
  readonly verdict: Verdict;
  /** Folder of the run, with its journal. */
  readonly folder: string;
  /** Its dataset, where it is open. Default: it is opened. */
  readonly dataset?: OpenDataset | undefined;
}

/** Of the characters of an example: what its input and its reference get at most, and each of its answers. */
const SHARES = { inputs: 0.25, reference: 0.15, answer: 0.6 / MAX_ANSWERS } as const;

/**
 * What was asked, expected and answered in the examples that a report shows, within its bounds: the examples from the
 * dataset, where they are still what was run, the answers from the journal. What cannot be read is said in a warning and
 * left out: a report with scores alone is worth more than none.
 */
export async function collectEvidence(
  { results, verdict, folder, dataset }: EvidenceQuery,
  context: Pick<CommandContext, 'cwd' | 'logger'>,
): Promise<Map<string, ExampleEvidence>> {
  const shown = orderExamples(results, verdict);
  const maxChars = charsPerExample(shown.length);
  const calls = callsByExample(results.calls);
  const hashes = new Map(shown.map(({ id, index }) => [id, calls.at(index)?.[0]?.contentHash] as const));
  const { examples, lines } = await readExamples(
    { results, dataset, shown: new Set(shown.map(({ id }) => id)) },
    context,
  );
  const evidence = new Map<string, ExampleEvidence & { answers: Map<number, PayloadView> }>();
  for (const { id } of shown) {
    const example = examples.get(id);
    const line = lines.get(id);
    const isSame = example !== undefined && contentHash(example) === hashes.get(id);
    evidence.set(id, {
      answers: new Map(),
      ...(isSame
        ? { inputs: payloadView(example.inputs, { maxChars: Math.floor(maxChars * SHARES.inputs) }) }
        : {}),
      ...(isSame && example.outputs !== undefined
        ? { reference: payloadView(example.outputs, { maxChars: Math.floor(maxChars * SHARES.reference) }) }
        : {}),
      ...(isSame && line !== undefined ? { line } : {}),
    });
    if (!isSame) examples.delete(id);
  }
  const wanted = wantedAnswers(results, { shown, calls });
  try {
    const isWanted = (call: { readonly exampleId: string; readonly repeat: number }) =>
      wanted.has(answerKey(call.exampleId, call.repeat));
    for await (const { exampleId, contentHash: hash, repeat, outputs } of journalAnswers(folder, isWanted)) {
      if (outputs === undefined) continue;
      if (hash !== hashes.get(exampleId)) continue;
      const answer = payloadView(outputs, {
        maxChars: Math.floor(maxChars * SHARES.answer),
        after: examples.get(exampleId)?.inputs,
      });
      evidence.get(exampleId)?.answers.set(repeat, answer);
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    context.logger.warn(`The report shows no answers: ${errorMessage(error)}`);
  }
  return evidence;
}

/** The shown examples that the dataset still has, and on which line each begins. Of a large dataset no others are kept. */
async function readExamples(
  {
    results: { head },
    dataset: opened,
    shown,
  }: Pick<EvidenceQuery, 'results' | 'dataset'> & { readonly shown: ReadonlySet<string> },
  { cwd, logger }: Pick<CommandContext, 'cwd' | 'logger'>,
): Promise<{ readonly examples: Map<string, Example>; readonly lines: Map<string, number> }> {
  const examples = new Map<string, Example>();
  const lines = new Map<string, number>();
  try {
    const dataset = opened ?? (await openDataset(head.dataset, { cwd }));
    try {
      const { size, idAt, exampleAt } = dataset.examples;
      for (let index = 0; index < size; index += 1) {
        const id = idAt(index);
        if (!shown.has(id)) continue;
        examples.set(id, exampleAt(index));
        lines.set(id, dataset.lineAt(index));
      }
    } finally {
      if (opened === undefined) dataset.close();
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    logger.warn(`The report shows no inputs: ${errorMessage(error)}`);
  }
  return { examples, lines };
}

function wantedAnswers(
  { head }: Results,
  {
    shown,
    calls,
  }: { readonly shown: readonly OrderedExample[]; readonly calls: Sequence<readonly ScoredCall[]> },
): ReadonlySet<string> {
  const wanted = new Set<string>();
  const gated = head.evaluators.filter(({ gate }) => gate);
  for (const { id, index } of shown)
    for (const { repeat } of worstFirst(calls.at(index) ?? [], gated).slice(0, MAX_ANSWERS))
      wanted.add(answerKey(id, repeat));
  return wanted;
}

function answerKey(exampleId: string, repeat: number): string {
  return `${repeat} ${exampleId}`;
}
