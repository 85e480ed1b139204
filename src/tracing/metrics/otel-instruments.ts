import { ERROR, GENAI, SLUICEGATE } from '../exporters/otlp/index.ts';
import { GENAI_METRICS, type MetricDefinition, TRAFFIC_METRICS } from './definitions.ts';
import { counterDefinition, HEALTH_GAUGES } from './health-metrics.ts';

/** A metric as OpenTelemetry has it. */
export interface OtelInstrument {
  readonly definition: MetricDefinition;
  readonly name: string;
  /** By UCUM, as the conventions ask. */
  readonly unit: string;
}

/** The names of what is measured of runs. Model calls are measured by the metrics of the GenAI conventions instead. */
const TRAFFIC_NAMES = {
  runs: 'sluicegate.runs',
  runDuration: 'sluicegate.run.duration',
  nodeRuns: 'sluicegate.node.runs',
  nodeDuration: 'sluicegate.node.duration',
  toolCalls: 'sluicegate.tool.calls',
  toolDuration: 'sluicegate.tool.call.duration',
  modelCalls: 'sluicegate.model.calls',
  modelDuration: undefined,
  firstToken: undefined,
  tokens: 'sluicegate.tokens',
  cost: 'sluicegate.cost',
  unpricedTokens: 'sluicegate.unpriced_tokens',
  limitedLabels: 'sluicegate.metric_labels.limited',
} as const satisfies Record<keyof typeof TRAFFIC_METRICS, string | undefined>;

const HEALTH_NAMES = {
  bufferedBytes: 'sluicegate.buffered',
  pendingTraces: 'sluicegate.pending_traces',
  spooledBytes: 'sluicegate.spooled',
  lagMs: 'sluicegate.delivery.lag',
} as const satisfies Record<keyof typeof HEALTH_GAUGES, string>;

const UNITS: Readonly<Record<MetricDefinition['unit'], string>> = {
  runs: '{run}',
  calls: '{call}',
  seconds: 's',
  tokens: '{token}',
  dollars: '[USD]',
  bytes: 'By',
  traces: '{trace}',
  observations: '{observation}',
  events: '{event}',
};

/** The attribute that a label becomes. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  graph: GENAI.agentName,
  outcome: SLUICEGATE.outcome,
  node: SLUICEGATE.node,
  tool: GENAI.toolName,
  model: GENAI.requestModel,
  kind: GENAI.tokenType,
  operation: GENAI.operationName,
  provider: GENAI.providerName,
  error: ERROR.type,
  reason: SLUICEGATE.reason,
  label: SLUICEGATE.label,
};

/** Every metric as OpenTelemetry has it; the counters of the tracer are those of the names given. */
export function otelInstruments(
  counterNames: readonly Parameters<typeof counterDefinition>[0][],
): OtelInstrument[] {
  const keysOf = <Key extends string>(names: Readonly<Record<Key, unknown>>) => Object.keys(names) as Key[];
  return [
    ...keysOf(TRAFFIC_METRICS).map((key) => instrument(TRAFFIC_METRICS[key], TRAFFIC_NAMES[key])),
    ...Object.values(GENAI_METRICS).map((definition) => instrument(definition, definition.name)),
    ...keysOf(HEALTH_GAUGES).map((key) => instrument(HEALTH_GAUGES[key], HEALTH_NAMES[key])),
    ...counterNames.map((name) => instrument(counterDefinition(name), `sluicegate.${name}`)),
  ].flat();
}

function instrument(definition: MetricDefinition, name: string | undefined): OtelInstrument[] {
  return name === undefined ? [] : [{ definition, name, unit: UNITS[definition.unit] }];
}

/** The attributes of a series: an empty value says that there is none. */
export function otelAttributes(
  definition: MetricDefinition,
  values: readonly string[],
): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [at, label] of definition.labels.entries()) {
    const value = values[at];
    if (value) attributes[ATTRIBUTES[label] ?? label] = value;
  }
  return attributes;
}
