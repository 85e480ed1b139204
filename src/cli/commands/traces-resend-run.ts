import { EXIT, type ExitCode, NoVerdictError, type SluiceError, UsageError } from '../../core/index.ts';
import {
  type BoxContents,
  type BoxResend,
  openDeadLetters,
  resolveTraceOptions,
} from '../../tracing/internal.ts';
import type { CommandContext } from '../command.ts';
import { errorLines } from '../error-lines.ts';
import { formatCount, formatMoment, plainLine, safeJson } from '../trace-view/index.ts';
import type { TracesResendValues } from './traces-resend.ts';

/** How each exporter is switched on. */
const SWITCHES: Readonly<Record<string, string>> = {
  langsmith: 'Set LANGSMITH_TRACING=true and LANGSMITH_API_KEY.',
  otlp: 'Set OTEL_EXPORTER_OTLP_ENDPOINT, for example to http://localhost:4318.',
};

/**
 * Sends what exporters refused for good again, or lists it. A problem of one exporter holds up no other one; each is said
 * in a line of its own.
 *
 * @throws UsageError `EXPORTER_NOT_CONFIGURED` for an exporter that was asked for by name, `RESEND_RUNNING`,
 *   `DEAD_LETTERS_UNUSABLE`, and for a bad variable of the environment.
 */
export async function runTracesResend(
  values: TracesResendValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { clock, logger, signal, stdout, stderr, env, cwd } = context;
  const letters = openDeadLetters(resolveTraceOptions({}, env, cwd), { clock, logger });
  const { office } = letters;
  const wanted = ({ exporter }: BoxContents) => values.exporter === undefined || exporter === values.exporter;
  try {
    const contents = (await office.contents()).filter(wanted);
    if (values.dryRun) {
      stdout.write(values.json ? `${safeJson({ exporters: contents })}\n` : listing(contents));
      return EXIT.pass;
    }
    if (values.exporter !== undefined && !letters.exporters.includes(values.exporter)) {
      throw notConfigured(values.exporter);
    }
    const results = contents.length === 0 ? [] : await office.resend({ exporter: values.exporter, signal });
    const left = (await office.contents()).filter(wanted);
    const problems = signal.aborted ? [] : problemsOf(results, left);
    stdout.write(
      values.json
        ? `${safeJson({ exporters: results, problems: problems.map(asJson) })}\n`
        : told(results, left),
    );
    for (const problem of problems) stderr.write(errorLines(problem));
    if (!signal.aborted) return exitCodeOf(problems);
    stderr.write('Interrupted: the same command goes on where it stopped.\n');
    return EXIT.interrupted;
  } finally {
    await letters.close();
  }
}

function listing(contents: readonly BoxContents[]): string {
  if (contents.length === 0) return 'Nothing is set aside.\n';
  return contents
    .flatMap(({ exporter, isConfigured, letters, reasons, oldestMs, newestMs, damaged }) => [
      `${exporter}  ${formatCount(letters, 'trace')} set aside${span(oldestMs, newestMs)}${
        letters === 0 || isConfigured ? '' : '; not configured now'
      }`,
      ...reasons.map(({ reason, count }) => `  ${count} × ${plainLine(reason)}`),
      ...damaged.map(({ path, line, problem }) => `  damaged: ${path}:${line}: ${plainLine(problem)}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function span(oldestMs: number | undefined, newestMs: number | undefined): string {
  if (oldestMs === undefined || newestMs === undefined) return '';
  return oldestMs === newestMs
    ? `, ${formatMoment(oldestMs)}`
    : `, ${formatMoment(oldestMs)} to ${formatMoment(newestMs)}`;
}

function told(results: readonly BoxResend[], left: readonly BoxContents[]): string {
  const tried = results.filter(({ sent, refused, unsent }) => sent + refused + unsent > 0);
  if (tried.length === 0 && left.length === 0) return 'Nothing to resend.\n';
  return tried
    .map(({ exporter, sent, refused, unsent }) => {
      const others = [
        ...(refused > 0 ? [`${refused} refused again`] : []),
        ...(unsent > 0 ? [`${unsent} not sent`] : []),
      ];
      return `${exporter}  ${[`${formatCount(sent, 'trace')} resent`, ...others].join(', ')}\n`;
    })
    .join('');
}

function problemsOf(results: readonly BoxResend[], left: readonly BoxContents[]): readonly SluiceError[] {
  return [
    ...left
      .filter(({ isConfigured, letters }) => !isConfigured && letters > 0)
      .map(({ exporter, letters, path }) => notConfigured(exporter, stay(letters, path))),
    ...results.flatMap(({ exporter, path, refused, refusal, unsent, setback }) => [
      ...(refused === 0
        ? []
        : [
            new NoVerdictError(
              'RESEND_REFUSED',
              `${exporter} has refused again: ${plainLine(refusal ?? '')}; ${stay(refused, path)}.`,
              { hint: 'Mend what it complains of, or remove what you do not need.' },
            ),
          ]),
      ...(setback === undefined
        ? []
        : [
            new NoVerdictError(
              'RESEND_STOPPED',
              `${exporter} does not take traces now: ${plainLine(setback)}; ${stay(unsent, path)}.`,
              {
                hint: 'sluice doctor checks how it can be reached. The same command goes on where it stopped.',
              },
            ),
          ]),
    ]),
    ...left.flatMap(({ damaged }) =>
      damaged.map(
        ({ path, line, problem }) =>
          new NoVerdictError(
            'DEAD_LETTER_DAMAGED',
            `${path}:${line} cannot be resent: ${plainLine(problem)}; the line stays there.`,
          ),
      ),
    ),
  ];
}

function stay(count: number, path: string): string {
  return `${formatCount(count, 'trace')} ${count === 1 ? 'stays' : 'stay'} in ${path}`;
}

function notConfigured(exporter: string, and?: string): UsageError {
  const hint = SWITCHES[exporter];
  return new UsageError(
    'EXPORTER_NOT_CONFIGURED',
    `${exporter} is not configured${and === undefined ? '' : `: ${and}`}.`,
    hint === undefined ? {} : { hint },
  );
}

function asJson({ code, message, hint }: SluiceError) {
  return { code, message, hint };
}

/** What has to be mended here comes before what does not answer. */
function exitCodeOf(problems: readonly SluiceError[]): ExitCode {
  if (problems.length === 0) return EXIT.pass;
  return problems.some(({ exitCode }) => exitCode === EXIT.usage) ? EXIT.usage : EXIT.noVerdict;
}
