import { EXIT, type ExitCode, UsageError } from '../../core/index.ts';
import type { CommandContext } from '../command.ts';
import { kebabCase } from '../flag.ts';
import { safeJson } from '../trace-view/index.ts';
import type { DoctorValues } from './doctor.ts';
import { runCheckpoints } from './doctor-checkpoints.ts';
import { type Check, runChecks } from './doctor-checks.ts';
import { runLeaks } from './doctor-leaks.ts';

/** Flags that say something about a run of a graph. */
const OF_LEAKS = [
  'graph',
  'input',
  'hideInputs',
  'hideOutputs',
  'hideMetadata',
  'redact',
  'timeout',
] as const;

/**
 * Checks the settings, or with `--leaks` what a graph lets out, or with `--checkpoints` a database of checkpoints.
 *
 * @throws UsageError `DOCTOR_USAGE`, and what {@link runLeaks} and {@link runCheckpoints} throw.
 */
export async function runDoctor(values: DoctorValues, context: CommandContext): Promise<ExitCode> {
  const { checkpoints } = values;
  if (values.leaks && checkpoints !== undefined) {
    throw new UsageError('DOCTOR_USAGE', '--leaks and --checkpoints are two checks.', {
      hint: 'Run one after the other.',
    });
  }
  if (values.leaks) return runLeaks(values, context);
  const given = OF_LEAKS.filter((name) => name !== 'timeout' || checkpoints === undefined).find(
    (name) => values[name] !== undefined && values[name] !== false,
  );
  if (given !== undefined) {
    const name = given === 'graph' ? 'A graph' : `--${kebabCase(given)}`;
    throw new UsageError('DOCTOR_USAGE', `${name} goes with --leaks.`, {
      hint: 'For example: sluice doctor --leaks ./src/agent.ts#graph',
    });
  }
  if (checkpoints !== undefined) return runCheckpoints({ ...values, checkpoints }, context);
  const checks = await runChecks(context, { fetch });
  context.stdout.write(values.json ? `${safeJson({ checks })}\n` : checks.map(line).join(''));
  return exitCodeOf(checks);
}

function line({ name, status, says }: Check): string {
  return `${status.padEnd(4)}  ${name.padEnd(13)}  ${says}\n`;
}

/** What has to be mended here comes before what does not answer. */
function exitCodeOf(checks: readonly Check[]): ExitCode {
  const failed = checks.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return EXIT.pass;
  return failed.every(({ isRemote }) => isRemote) ? EXIT.noVerdict : EXIT.usage;
}
