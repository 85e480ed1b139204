import { z } from 'zod';
import type { Logger } from '../../core/index.ts';
import { langSmithOptionsSchema } from '../exporters/langsmith/index.ts';
import { pricesSchema } from '../metrics/index.ts';
import { hideRuleSchema, redactionRulesSchema } from '../redaction/index.ts';
import { keepRuleSchema } from '../sampling/index.ts';

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
      'Leave out the outputs of every span and the names and data of its events, or of those in some places, as with hideInputs. ' +
        'Environment: SLUICE_HIDE_OUTPUTS, LANGSMITH_HIDE_OUTPUTS, LANGCHAIN_HIDE_OUTPUTS. Default false.',
    )
    .optional(),
  hideMetadata: hideRuleSchema
    .describe(
      'Leave out the metadata and tags of every span, or of those in some places, as with hideInputs, and the names of ' +
        'models without a price in prices. Runs are named after their graph, node, tool or class, whatever a caller named ' +
        'them. A thread id or run id that is no UUID is replaced by a hash, and of an incoming tracestate only the ' +
        'sampling is kept. Environment: SLUICE_HIDE_METADATA, LANGSMITH_HIDE_METADATA, ' +
        'LANGCHAIN_HIDE_METADATA. Default false.',
    )
    .optional(),
  keepErrorMessages: z
    .boolean()
    .describe(
      'Record what errors say also where inputs or outputs are hidden. Without it their types and stack frames are ' +
        'recorded and the message is [hidden], because a message often repeats a value; a type is the name of a class. ' +
        'Default false.',
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
  project: z
    .string()
    .min(1)
    .describe(
      'Project that the traces belong to, in the embedded store and in LangSmith. Environment: SLUICE_PROJECT, ' +
        'LANGSMITH_PROJECT, LANGCHAIN_PROJECT, LANGCHAIN_SESSION. Default "default".',
    )
    .optional(),
  retentionDays: z
    .number()
    .nonnegative()
    .describe(
      'Days after which the embedded store removes a trace of the project that is not pinned; 0 for never. The store ' +
        'remembers what is set here, for every process that shares it. Environment: SLUICE_RETENTION_DAYS. Default 14.',
    )
    .optional(),
  baselineProjects: z
    .array(z.string().min(1))
    .describe(
      'Projects whose traces others are compared with, and that stay for baselineRetentionDays. ' +
        'Environment: SLUICE_BASELINE_PROJECTS, separated by commas. Default: none.',
    )
    .optional(),
  baselineRetentionDays: z
    .number()
    .nonnegative()
    .describe(
      'Days after which the embedded store removes a trace of such a project; 0 for never. ' +
        'Environment: SLUICE_BASELINE_RETENTION_DAYS. Default 90.',
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
        'successes are dropped first. Spans recorded inside nodes have a quarter as much besides. Default 268435456 (256 MiB).',
    )
    .optional(),
});

/** Options of `traceGraph`. Every one can be left out. */
export interface TraceOptions extends z.input<typeof traceOptionsSchema> {
  /** Where problems of the tracer itself are reported. Default: `process.emitWarning`. */
  readonly logger?: Logger;
}
