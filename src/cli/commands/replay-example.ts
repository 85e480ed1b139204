import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { errorMessage, hasErrorCode, stableStringify, type Trace, UsageError } from '../../core/index.ts';
import { writeFileAtomic } from '../../evals/atomic-file.ts';
import { type Example, exampleSchema } from '../../evals/example.ts';
import { loadDataset } from '../../evals/index.ts';
import { type ReplayResult, wireInput } from '../../replay/index.ts';
import { isGood } from '../replay-view/index.ts';

/** Where an example is saved. */
export interface SaveExampleOptions {
  /** As it was given. */
  readonly dataset: string;
  readonly splits: readonly string[];
  /** Folder that a relative path starts from. */
  readonly cwd: string;
}

/**
 * Adds the input of a recorded run to a dataset, as its last line. The reference is what the replay answered, where that is
 * no failure: answer and tools. The file is written whole or not at all, and is one that the loader takes.
 *
 * @returns The id of the example.
 * @throws UsageError `EXAMPLE_FORMAT`, `EXAMPLE_DUPLICATE`, `EXAMPLE_UNWRITABLE`, and what the loader says of a dataset that is
 *   invalid already; NoVerdictError `REPLAY_INPUT_NOT_AN_OBJECT`.
 */
export async function saveExample(
  trace: Trace,
  result: ReplayResult,
  { dataset, splits, cwd }: SaveExampleOptions,
): Promise<string> {
  const path = resolve(cwd, dataset);
  if (!['.jsonl', '.ndjson'].includes(extname(path).toLowerCase())) {
    throw new UsageError('EXAMPLE_FORMAT', `--save-example adds lines to .jsonl files, not to ${dataset}.`, {
      hint: 'Name a .jsonl file; it is made when it is missing.',
    });
  }
  const example = exampleOf(trace, result, splits);
  const before = await existing(path, dataset);
  if (before !== undefined) await refuseDuplicate(example, before, dataset, cwd);
  const separator = before === undefined || before === '' || before.endsWith('\n') ? '' : '\n';
  try {
    await writeFileAtomic(path, `${before ?? ''}${separator}${JSON.stringify(example)}\n`);
  } catch (thrown) {
    throw new UsageError('EXAMPLE_UNWRITABLE', `Cannot write ${dataset}: ${errorMessage(thrown)}.`, {
      cause: thrown,
    });
  }
  return example.id;
}

function exampleOf(trace: Trace, result: ReplayResult, splits: readonly string[]): Example {
  const { after } = result.diff;
  const answer = isGood(result.verdict) ? after.answer : undefined;
  const [only] = splits;
  return exampleSchema.parse({
    id: `replay-${trace.id}`,
    inputs: wireInput(trace),
    ...(answer === undefined
      ? {}
      : {
          outputs: { answer, ...(result.partial ? {} : { tools: after.toolCalls.map(({ name }) => name) }) },
        }),
    metadata: {
      source: 'replay',
      traceId: trace.id,
      recordedOutcome: trace.outcome,
      ...(trace.error === undefined ? {} : { recordedError: `${trace.error.name}: ${trace.error.message}` }),
    },
    ...(only === undefined ? {} : { split: splits.length === 1 ? only : [...splits] }),
  });
}

async function existing(path: string, dataset: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return undefined;
    throw new UsageError('EXAMPLE_UNWRITABLE', `Cannot read ${dataset}: ${errorMessage(thrown)}.`, {
      cause: thrown,
    });
  }
}

async function refuseDuplicate(example: Example, text: string, dataset: string, cwd: string): Promise<void> {
  // A file without any example is one that is begun.
  if (text.trim() === '') return;
  const { examples, lines } = await loadDataset(dataset, { cwd });
  const asked = stableStringify(example.inputs);
  const other =
    examples.find(({ id }) => id === example.id) ??
    examples.find(({ inputs }) => stableStringify(inputs) === asked);
  if (other === undefined) return;
  throw new UsageError(
    'EXAMPLE_DUPLICATE',
    `${dataset}:${lines.get(other.id) ?? '?'} has this example already: ${other.id}.`,
    { hint: 'Edit or remove it there; nothing was written.' },
  );
}
