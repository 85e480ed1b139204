import { z } from 'zod';
import { type Logger, sluiceHome, UsageError } from '../core/index.ts';
import {
  type LangSmithSettings,
  langSmithOptionsSchema,
  langSmithSettings,
} from './exporters/langsmith/index.ts';
import { type OtlpSettings, otlpSettings } from './exporters/otlp/index.ts';
import { type Prices, pricesSchema } from './metrics/index.ts';
import {
  type HideRule,
  hideRuleSchema,
  type RedactionRule,
  redactionRulesSchema,
} from './redaction/index.ts';
import { type KeepRule, keepRuleSchema, withErrors } from './sampling/index.ts';

const count = z.number().int().positive();
const countOrNone = z.number().int().nonnegative();

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
  keep: z
    .array(keepRuleSchema)
    .describe(
      'Rules of what to keep, in order; the first that matches a run decides about it and is its reason, and sampleRate ' +
        'decides about the rest. {type: "error", scope?: "any_span" | "root"}, {type: "outcome", outcomes}, ' +
        '{type: "slower_than", ms}, {type: "path", graph?, node?, tool?, model?, tag?, metadata?, rate}, ' +
        '{type: "custom", name, predicate}. Without an error rule of its own the list starts with {type: "error"}, ' +
        'which keeps every run that failed or recovered from a failure. Default: that rule alone.',
    )
    .optional(),
  maxDroppedTraces: countOrNone
    .describe(
      'Runs that were not kept and stay in memory for a while, so that keep(runId, reason) can still have them. ' +
        '0 for none. Default 200.',
    )
    .optional(),
  maxDroppedBytes: countOrNone
    .describe('Payload bytes of those runs, inside maxBufferBytes. Default 16777216 (16 MiB).')
    .optional(),
  hideInputs: hideRuleSchema
    .describe(
      'Leave out the inputs of every span, or of those in some places: a list of {graph?, node?, tool?, model?, tag?, ' +
        'route?}, any of which hides what runs there and inside. The state that a graph returns repeats its inputs, and ' +
        'the spans around a place repeat its values: hide the outputs too, or use redact. Environment: ' +
        'SLUICE_HIDE_INPUTS, LANGSMITH_HIDE_INPUTS, LANGCHAIN_HIDE_INPUTS. Default false.',
    )
    .optional(),
  hideOutputs: hideRuleSchema
    .describe(
      'Leave out the outputs of every span and the data of its events, or of those in some places, as with hideInputs. ' +
        'Environment: SLUICE_HIDE_OUTPUTS, LANGSMITH_HIDE_OUTPUTS, LANGCHAIN_HIDE_OUTPUTS. Default false.',
    )
    .optional(),
  hideMetadata: hideRuleSchema
    .describe(
      'Leave out the metadata and tags of every span, or of those in some places, as with hideInputs. A thread id that is ' +
        'no UUID is replaced by a hash. Run names stay. Environment: SLUICE_HIDE_METADATA, LANGSMITH_HIDE_METADATA, ' +
        'LANGCHAIN_HIDE_METADATA. Default false.',
    )
    .optional(),
  keepErrorMessages: z
    .boolean()
    .describe(
      'Record what errors say also where inputs or outputs are hidden. Without it their types and stack frames are ' +
        'recorded and the message is [hidden], because a message often repeats a value. Default false.',
    )
    .optional(),
  redact: redactionRulesSchema
    .describe(
      'What to replace by [redacted:name] in everything that is recorded: inputs, outputs, errors, events, metadata, ' +
        'tags and names. true for all built-in rules, or a list of "email", "phone", "card", "iban", "api_key", ' +
        '"jwt", a RegExp, {name, pattern}, {path: "customer.address"} and {name, redact}. A value that a rule fails on ' +
        'is removed. Default false.',
    )
    .optional(),
  langsmith: langSmithOptionsSchema
    .describe(
      'Send kept runs to LangSmith as well, in place of its own tracer: {apiKey, endpoint?, project?, workspaceId?}, or ' +
        'false. Environment: LANGSMITH_TRACING=true with LANGSMITH_API_KEY, LANGSMITH_ENDPOINT, LANGSMITH_PROJECT and ' +
        'LANGSMITH_WORKSPACE_ID; the older LANGCHAIN_TRACING, LANGCHAIN_API_KEY, LANGCHAIN_ENDPOINT, LANGCHAIN_PROJECT, ' +
        'LANGCHAIN_SESSION and LANGCHAIN_WORKSPACE_ID. LANGSMITH_RUNS_ENDPOINTS, LANGSMITH_AGENT_ID and ' +
        'LANGSMITH_AGENT_ENVIRONMENT are refused. Default: as the environment says.',
    )
    .optional(),
  prices: pricesSchema
    .describe(
      'Price of the tokens of each model, for the metric of cost, by the name the model has in traces: {"gpt-5-mini": ' +
        '{inputPerMillion: 0.25, outputPerMillion: 2}}, in dollars. Default: none, and no cost is measured.',
    )
    .optional(),
  retentionDays: z
    .number()
    .nonnegative()
    .describe(
      'Days after which the embedded store removes a trace that is not pinned; 0 for never. ' +
        'Environment: SLUICE_RETENTION_DAYS. Default 14.',
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
      'Finished traces that may wait in memory; beyond it sampled successes are dropped first. Default 1000.',
    )
    .optional(),
  maxSpoolBytes: count
    .describe(
      'Disk space for traces that wait to be delivered, of all processes that share the home; beyond it sampled ' +
        'successes are dropped first. Default 268435456 (256 MiB).',
    )
    .optional(),
});

/** Options of `traceGraph`. Every one can be left out. */
export interface TraceOptions extends z.input<typeof traceOptionsSchema> {
  /** Where problems of the tracer itself are reported. Default: `process.emitWarning`. */
  readonly logger?: Logger;
}

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
  /** From the `OTEL_*` variables alone, which OpenTelemetry's own exporter reads too. */
  readonly otlp: OtlpSettings;
  readonly prices: Prices;
  readonly retentionDays: number;
  readonly handleSignals: boolean;
  readonly maxBufferBytes: number;
  readonly maxSpansPerTrace: number;
  readonly maxTraceAgeMs: number;
  readonly maxPayloadBytes: number;
  readonly maxQueuedTraces: number;
  readonly maxSpoolBytes: number;
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
    throw new UsageError('TRACE_OPTIONS_INVALID', `traceGraph: ${issue ? issueText(issue) : 'not valid'}.`);
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
    hideMetadata:
      given.hideMetadata ??
      flag(env, ['SLUICE_HIDE_METADATA', 'LANGSMITH_HIDE_METADATA', 'LANGCHAIN_HIDE_METADATA']) ??
      false,
    keepErrorMessages: given.keepErrorMessages ?? false,
    redact: given.redact ?? false,
    keep: withErrors(given.keep ?? []),
    maxDroppedTraces: given.maxDroppedTraces ?? 200,
    maxDroppedBytes: given.maxDroppedBytes ?? 16 * 1024 * 1024,
    langsmith: langSmithSettings(env, given.langsmith),
    otlp: otlpSettings(env),
    prices: given.prices ?? {},
    retentionDays: given.retentionDays ?? days(env, ['SLUICE_RETENTION_DAYS']) ?? 14,
    handleSignals: given.handleSignals ?? true,
    maxBufferBytes: given.maxBufferBytes ?? 64 * 1024 * 1024,
    maxSpansPerTrace: given.maxSpansPerTrace ?? 10_000,
    maxTraceAgeMs: given.maxTraceAgeMs ?? 3_600_000,
    maxPayloadBytes: given.maxPayloadBytes ?? 1024 * 1024,
    maxQueuedTraces: given.maxQueuedTraces ?? 1_000,
    maxSpoolBytes: given.maxSpoolBytes ?? 256 * 1024 * 1024,
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

/** Names the option and what is wrong. Of the forms an option can have, the one that was meant is the one that fits furthest. */
function issueText(issue: z.core.$ZodIssue, parents: readonly PropertyKey[] = []): string {
  const path = [...parents, ...issue.path];
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    const [meant] = issue.errors
      .flatMap(([first]) => (first === undefined ? [] : [first]))
      .sort((a, b) => b.path.length - a.path.length);
    if (meant !== undefined) return issueText(meant, path);
  }
  return `${path.join('.') || 'options'}: ${issue.message}`;
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

function days(env: Env, names: readonly string[]): number | undefined {
  const set = firstSet(env, names);
  if (set === undefined) return undefined;
  const value = Number(set.value);
  if (!Number.isFinite(value) || value < 0) {
    throw new UsageError(
      'TRACE_OPTIONS_INVALID',
      `${set.name} must be a number of days, 0 for never, not ${JSON.stringify(set.value)}.`,
    );
  }
  return value;
}
