import type { z } from 'zod';
import { DEFAULT_PROJECT, type Logger, sluiceHome, UsageError } from '../../core/index.ts';
import {
  type LangSmithSettings,
  langSmithSettings,
  langSmithTracerIsOn,
} from '../exporters/langsmith/index.ts';
import { type OtlpSettings, otlpSettings } from '../exporters/otlp/index.ts';
import type { Prices } from '../metrics/index.ts';
import { optionWording } from '../option-wording.ts';
import type { HideRule, RedactionRule } from '../redaction/index.ts';
import { type KeepRule, withErrors } from '../sampling/index.ts';
import { days, type Env, flag, list, rate, text } from './option-env.ts';
import { invalidOptions } from './option-errors.ts';
import { type TraceOptions, traceOptionsSchema } from './options-schema.ts';

/** Days that traces stay where nobody has set another limit. */
export const DEFAULT_RETENTION_DAYS = 14;
const DEFAULT_BASELINE_DAYS = 90;

/** The options with everything decided. */
export interface ResolvedTraceOptions {
  readonly enabled: boolean;
  readonly home: string;
  readonly sampleRate: number;
  readonly keep: readonly KeepRule[];
  readonly maxDroppedTraces: number;
  readonly maxDroppedBytes: number;
  readonly hideInputs: HideRule;
  readonly hideOutputs: HideRule;
  readonly hideMetadata: HideRule;
  readonly keepErrorMessages: boolean;
  readonly redact: boolean | readonly RedactionRule[];
  /** Undefined when nothing is sent there. */
  readonly langsmith: LangSmithSettings | undefined;
  /** The environment switches LangSmith's own tracer on. */
  readonly langSmithTracerIsOn: boolean;
  /** From the `OTEL_*` variables alone, which OpenTelemetry's own exporter reads too. */
  readonly otlp: OtlpSettings;
  readonly prices: Prices;
  readonly project: string;
  readonly retentionDays: number;
  /** Limits that were set, by project, and not merely assumed. */
  readonly projectRetentionDays: readonly (readonly [project: string, days: number])[];
  readonly handleSignals: boolean;
  readonly maxBufferBytes: number;
  readonly maxSpansPerTrace: number;
  readonly maxTraceAgeMs: number;
  readonly maxPayloadBytes: number;
  readonly maxQueuedTraces: number;
  readonly maxSpoolBytes: number;
}

/**
 * Resolves options over the environment over defaults, once.
 *
 * @throws UsageError `TRACE_OPTIONS_INVALID` for an unknown option or a bad value, naming the option or the variable.
 */
export function resolveTraceOptions(options: TraceOptions, env: Env, cwd: string): ResolvedTraceOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new UsageError('TRACE_OPTIONS_INVALID', 'traceGraph: options: must be an object.');
  }
  const { logger, ...data } = options;
  if (logger !== undefined && !isLogger(logger)) {
    throw new UsageError(
      'TRACE_OPTIONS_INVALID',
      'traceGraph: logger: must be an object with the functions warn and error, such as console.',
    );
  }
  const parsed = traceOptionsSchema.safeParse(data, { error: optionWording });
  if (!parsed.success) throw invalidOptions(parsed.error);
  const given = parsed.data;
  const langsmith = langSmithSettings(env, given.langsmith);
  const chosenProject = given.project ?? text(env, ['SLUICE_PROJECT']);
  const ownProject = given.langsmith === false ? undefined : given.langsmith?.project;
  const project = chosenProject ?? langsmith?.project ?? text(env, LANGSMITH_PROJECT) ?? DEFAULT_PROJECT;
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
    hideMetadata:
      given.hideMetadata ??
      flag(env, ['SLUICE_HIDE_METADATA', 'LANGSMITH_HIDE_METADATA', 'LANGCHAIN_HIDE_METADATA']) ??
      false,
    keepErrorMessages: given.keepErrorMessages ?? false,
    redact: given.redact ?? false,
    keep: withErrors(given.keep ?? []),
    maxDroppedTraces: given.maxDroppedTraces ?? 200,
    maxDroppedBytes: given.maxDroppedBytes ?? 16 * 1024 * 1024,
    langsmith: langsmith && { ...langsmith, project: ownProject ?? project },
    langSmithTracerIsOn: langSmithTracerIsOn(env),
    otlp: otlpSettings(env),
    prices: given.prices ?? {},
    project,
    ...retention(given, env, project),
    handleSignals: given.handleSignals ?? true,
    maxBufferBytes: given.maxBufferBytes ?? 64 * 1024 * 1024,
    maxSpansPerTrace: given.maxSpansPerTrace ?? 10_000,
    maxTraceAgeMs: given.maxTraceAgeMs ?? 3_600_000,
    maxPayloadBytes: given.maxPayloadBytes ?? 1024 * 1024,
    maxQueuedTraces: given.maxQueuedTraces ?? 1_000,
    maxSpoolBytes: given.maxSpoolBytes ?? 256 * 1024 * 1024,
  };
}

const LANGSMITH_PROJECT = ['LANGSMITH_PROJECT', 'LANGCHAIN_PROJECT', 'LANGCHAIN_SESSION'] as const;

function retention(
  given: z.infer<typeof traceOptionsSchema>,
  env: Env,
  project: string,
): Pick<ResolvedTraceOptions, 'retentionDays' | 'projectRetentionDays'> {
  const own = given.retentionDays ?? days(env, ['SLUICE_RETENTION_DAYS']);
  const baselines = given.baselineProjects ?? list(env, ['SLUICE_BASELINE_PROJECTS']) ?? [];
  const baselineDays =
    given.baselineRetentionDays ?? days(env, ['SLUICE_BASELINE_RETENTION_DAYS']) ?? DEFAULT_BASELINE_DAYS;
  const isBaseline = baselines.includes(project);
  return {
    retentionDays: isBaseline ? baselineDays : (own ?? DEFAULT_RETENTION_DAYS),
    projectRetentionDays: [
      ...(own === undefined || isBaseline ? [] : [[project, own] as const]),
      ...baselines.map((name) => [name, baselineDays] as const),
    ],
  };
}

/**
 * The same text for the same options, so that graphs wrapped alike can share a tracer. Patterns are told apart by what
 * they match, functions by identity.
 */
export function optionsKey(options: ResolvedTraceOptions): string {
  return JSON.stringify(options, (_key, value: unknown) => {
    if (value instanceof RegExp) return String(value);
    return typeof value === 'function' ? `function ${functionNumber(value)}` : value;
  });
}

const functionNumbers = new WeakMap<object, number>();
let functionsSeen = 0;

function functionNumber(fn: object): number {
  const known = functionNumbers.get(fn);
  if (known !== undefined) return known;
  functionsSeen += 1;
  functionNumbers.set(fn, functionsSeen);
  return functionsSeen;
}

function isLogger(value: unknown): value is Logger {
  const functions = value as Partial<Logger> | null;
  return typeof functions?.warn === 'function' && typeof functions.error === 'function';
}
