import { stripVTControlCharacters } from 'node:util';
import { EXIT, type ExitCode } from '../../core/index.ts';
import { formatDatasetIssue, readDataset, splitNames } from '../../evals/datasets/index.ts';
import type { CommandContext } from '../command.ts';

/** Flags of `sluice dataset validate`. */
export interface DatasetValidateValues {
  readonly file: string;
  readonly json: boolean;
}

/** Prints every mistake of a dataset, or what is in it. Ends with 2 when there is a mistake. */
export async function runDatasetValidate(
  { file, json }: DatasetValidateValues,
  { cwd, stdout }: CommandContext,
): Promise<ExitCode> {
  const { dataset, issues } = await readDataset(file, { cwd });
  const { examples } = dataset;
  const splits = splitNames(examples);
  const critical = examples.filter((example) => example.critical === true).length;
  const exitCode = issues.length === 0 ? EXIT.pass : EXIT.usage;
  if (json) {
    const report = { file, examples: examples.length, splits: Object.fromEntries(splits), critical, issues };
    stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return exitCode;
  }
  if (issues.length > 0) {
    for (const issue of issues) stdout.write(`${printable(formatDatasetIssue(issue))}\n`);
    stdout.write(`${counted(issues.length, 'mistake')}; ${counted(examples.length, 'valid example')}\n`);
    return exitCode;
  }
  const names = [...splits].map(([name, count]) => `${name} (${count})`).join(', ') || 'none';
  stdout.write(printable(`${counted(examples.length, 'example')}, splits: ${names}, critical: ${critical}`));
  stdout.write('\n');
  return exitCode;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Ids and field names come from the file: nothing in them may move the cursor or begin a line. */
function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, ' ');
}
