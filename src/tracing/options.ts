import { z } from 'zod';
import { type Logger, sluiceHome, UsageError } from '../core/index.ts';

const count = z.number().int().positive();

/** The options of `traceGraph` that are plain data. */
export const traceOptionsSchema = z.strictObject({
  enabled: z
    .boolean()
    .describe('Whether to trace at all. Environment: SLUICE_TRACING. Default true.')
    .optional(),
  home: z
    .string()
    .min(1)
    .describe(
      'Folder of the embedded trace store. Environment: SLUICE_HOME. Default .sluice in the working directory.',
    )
    .optional(),
  sampleRate: z
    .number()
    .min(0)
    .max(1)
    .describe(
      'Share of runs without an error to keep, from 0 to 1; errors are always kept. Environment: SLUICE_SAMPLE_RATE, ' +
        'LANGSMITH_TRACING_SAMPLING_RATE, LANGCHAIN_TRACING_SAMPLING_RATE, LANGCHAIN_TRACING_SAMPLE_RATE. Default 1.',
    )
    .optional(),
  hideInputs: z
    .boolean()
    .describe(
      'Leave out the inputs of every span. The state that a graph returns repeats them: hide the outputs too. Environment: SLUICE_HIDE_INPUTS, LANGSMITH_HIDE_INPUTS, LANGCHAIN_HIDE_INPUTS. ' +
        'Default false.',
    )
    .optional(),
  hideOutputs: z
    .boolean()
    .describe(
      'Leave out the outputs of every span and the data of its events. Environment: SLUICE_HIDE_OUTPUTS, ' +
        'LANGSMITH_HIDE_OUTPUTS, LANGCHAIN_HIDE_OUTPUTS. Default false.',
    )
    .optional(),
  handleSignals: z
    .boolean()
    .describe(
      'Write what is waiting before SIGTERM, SIGINT or an empty event loop ends the process. Default true.',
    )
    .optional(),
  maxBufferBytes: count
    .describe('Payload bytes that runs under way may keep in memory. Default 67108864 (64 MiB).')
    .optional(),
  maxSpansPerTrace: count
    .describe('Spans recorded of one run; more are counted and left out. Default 10000.')
    .optional(),
  maxTraceAgeMs: count
    .describe('A run that has not ended after this long is recorded as cancelled. Default 3600000 (1 hour).')
    .optional(),
  maxPayloadBytes: count
    .describe(
      'Size of one recorded input or output; what is over it is cut and marked. Default 1048576 (1 MiB).',
    )
    .optional(),
  maxQueuedTraces: count
    .describe(
      'Finished traces that may wait to be written; beyond it sampled successes are dropped first. Default 1000.',
    )
    .optional(),
});

/** Options of `traceGraph`. Every one can be left out. */
export interface TraceOptions extends z.infer<typeof traceOptionsSchema> {
  /** Where problems of the tracer itself are reported. Default: `process.emitWarning`. */
  readonly logger?: Logger;
}

/** The options with everything decided. */
export interface ResolvedTraceOptions {
  readonly enabled: boolean;
  readonly home: string;
  readonly sampleRate: number;
  readonly hideInputs: boolean;
  readonly hideOutputs: boolean;
  readonly handleSignals: boolean;
  readonly maxBufferBytes: number;
  readonly maxSpansPerTrace: number;
  readonly maxTraceAgeMs: number;
  readonly maxPayloadBytes: number;
  readonly maxQueuedTraces: number;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Resolves options over the environment over defaults, once.
 *
 * @throws UsageError `TRACE_OPTIONS_INVALID` for an unknown option or a bad value, naming the option or the variable.
 */
export function resolveTraceOptions(options: TraceOptions, env: Env, cwd: string): ResolvedTraceOptions {
  const { logger: _logger, ...data } = options;
  const parsed = traceOptionsSchema.safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = issue?.path.join('.') || 'options';
    throw new UsageError('TRACE_OPTIONS_INVALID', `traceGraph: ${name}: ${issue?.message ?? 'not valid'}.`);
  }
  const given = parsed.data;
  return {
    enabled: given.enabled ?? flag(env, ['SLUICE_TRACING']) ?? true,
    home: sluiceHome(given.home === undefined ? env : { SLUICE_HOME: given.home }, cwd),
    sampleRate:
      given.sampleRate ??
      rate(env, [
        'SLUICE_SAMPLE_RATE',
        'LANGSMITH_TRACING_SAMPLING_RATE',
        'LANGCHAIN_TRACING_SAMPLING_RATE',
        'LANGCHAIN_TRACING_SAMPLE_RATE',
      ]) ??
      1,
    hideInputs:
      given.hideInputs ??
      flag(env, ['SLUICE_HIDE_INPUTS', 'LANGSMITH_HIDE_INPUTS', 'LANGCHAIN_HIDE_INPUTS']) ??
      false,
    hideOutputs:
      given.hideOutputs ??
      flag(env, ['SLUICE_HIDE_OUTPUTS', 'LANGSMITH_HIDE_OUTPUTS', 'LANGCHAIN_HIDE_OUTPUTS']) ??
      false,
    handleSignals: given.handleSignals ?? true,
    maxBufferBytes: given.maxBufferBytes ?? 64 * 1024 * 1024,
    maxSpansPerTrace: given.maxSpansPerTrace ?? 10_000,
    maxTraceAgeMs: given.maxTraceAgeMs ?? 3_600_000,
    maxPayloadBytes: given.maxPayloadBytes ?? 1024 * 1024,
    maxQueuedTraces: given.maxQueuedTraces ?? 1_000,
  };
}

/** The first of the variables that is set and not empty. */
function firstSet(
  env: Env,
  names: readonly string[],
): { readonly name: string; readonly value: string } | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return undefined;
}

/** A privacy switch that cannot be read must not be taken for "off". */
function flag(env: Env, names: readonly string[]): boolean | undefined {
  const set = firstSet(env, names);
  if (set === undefined) return undefined;
  const value = set.value.toLowerCase();
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new UsageError(
    'TRACE_OPTIONS_INVALID',
    `${set.name} must be true or false, not ${JSON.stringify(set.value)}.`,
  );
}

function rate(env: Env, names: readonly string[]): number | undefined {
  const set = firstSet(env, names);
  if (set === undefined) return undefined;
  const value = Number(set.value);
  if (!Number.isFinite(value) || value < 0 || value > 1) {
    throw new UsageError(
      'TRACE_OPTIONS_INVALID',
      `${set.name} must be a number from 0 to 1, not ${JSON.stringify(set.value)}.`,
    );
  }
  return value;
}
