import { EXIT, type ExitCode } from '../../core/index.ts';
import { type CheckpointReport, checkpointSize, doctorCheckpoints } from '../../replay/index.ts';
import type { CommandContext } from '../command.ts';
import { formatCount, plainLine, safeJson } from '../trace-view/index.ts';
import type { DoctorValues } from './doctor.ts';

/** Damaged threads that are named one by one; `--json` has them all. */
const SHOWN_THREADS = 10;

/**
 * Looks into a database of checkpoints. Exit code 1 when something in it is wrong.
 *
 * @throws what `doctorCheckpoints` throws.
 */
export async function runCheckpoints(
  values: DoctorValues & { readonly checkpoints: string },
  context: CommandContext,
): Promise<ExitCode> {
  const report = await doctorCheckpoints(values.checkpoints, {
    clock: context.clock,
    cwd: context.cwd,
    ...(values.timeout === undefined ? {} : { timeoutMs: values.timeout }),
  });
  context.stdout.write(values.json ? `${safeJson(report)}\n` : render(report));
  return report.findings.some(({ status }) => status === 'fail') ? EXIT.gateFailed : EXIT.pass;
}

function render(report: CheckpointReport): string {
  const lines = [
    `${plainLine(report.place)}: ${report.isSample ? 'a sample of ' : ''}${formatCount(report.threads, 'thread')}, ${checkpointSize(report.totalBytes)}`,
    '',
    ...report.findings.flatMap(({ name, status, says, hint }) => [
      `${status.padEnd(7)}  ${name.padEnd(15)}  ${says}`,
      ...(hint === undefined ? [] : [`${' '.repeat(26)}${hint}`]),
    ]),
    ...damaged(report),
    '',
    ...report.tables.map(
      ({ name, rows, exact, tableBytes, indexBytes }) =>
        `${name.padEnd(17)}  ${exact ? '' : 'about '}${formatCount(rows, 'row')}${
          tableBytes === undefined || indexBytes === undefined
            ? ''
            : `, ${checkpointSize(tableBytes)} and ${checkpointSize(indexBytes)} of indexes`
        }`,
    ),
    ...retention(report),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function damaged({ damagedThreads }: CheckpointReport): string[] {
  if (damagedThreads.length === 0) return [];
  const shown = damagedThreads
    .slice(0, SHOWN_THREADS)
    .map(({ threadId, channels, checkpoints, isHeadDamaged }) => {
      return `  thread ${plainLine(threadId)}: ${plainLine(inState(channels).join(', '))} in ${formatCount(checkpoints.length, 'checkpoint')}${isHeadDamaged ? ', also the newest' : ''}`;
    });
  const rest = damagedThreads.length - shown.length;
  return ['', 'Damaged', ...shown, ...(rest === 0 ? [] : [`  and ${rest} more; --json has them all`])];
}

/** The channels that a person knows: those of the state, without those that trigger nodes. */
function inState(channels: readonly string[]): readonly string[] {
  const state = channels.filter((channel) => !channel.startsWith('branch:to:'));
  return state.length > 0 ? state : channels;
}

function retention({ retention: kept }: CheckpointReport): string[] {
  if (kept.length === 0) return [];
  const sizes = kept.map(({ days, bytes }) => `${days} days ${checkpointSize(bytes)}`);
  return [`To keep checkpoints would take: ${sizes.join(', ')}.`];
}
