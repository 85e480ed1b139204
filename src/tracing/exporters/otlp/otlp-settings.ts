import { UsageError } from '../../../core/index.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Whether and what to export by OTLP. */
export interface OtlpSettings {
  /** An endpoint is configured and OpenTelemetry is not disabled. */
  readonly enabled: boolean;
  /** Whether messages and payloads are sent. */
  readonly captureContent: boolean;
  /** How metrics are exported; undefined when they are not. */
  readonly metrics: OtlpMetricsSettings | undefined;
}

/** When metrics are exported. */
export interface OtlpMetricsSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** The variables of a signal; of those that say the same, the first one that is set. */
const VARIABLES = {
  traces: {
    exporter: 'OTEL_TRACES_EXPORTER',
    endpoints: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    protocols: ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  },
  metrics: {
    exporter: 'OTEL_METRICS_EXPORTER',
    endpoints: ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    protocols: ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  },
} as const;

/** As the OpenTelemetry specification has them. */
const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 30_000;

/** The variable of the OpenTelemetry instrumentations for GenAI that allows content. */
const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/**
 * What the environment says of OTLP. Each signal is on when an endpoint is set for it, unless `OTEL_SDK_DISABLED` is true or
 * `OTEL_TRACES_EXPORTER` or `OTEL_METRICS_EXPORTER` names no `otlp`. The endpoint, headers, timeout and compression
 * themselves are read by OpenTelemetry's own code.
 *
 * @throws UsageError `OTLP_SETTINGS_INVALID` for an endpoint that is no http(s) URL, a protocol other than OTLP over
 * HTTP, or an interval that is no number of milliseconds.
 */
export function otlpSettings(env: Env): OtlpSettings {
  return {
    enabled: isOn(env, 'traces'),
    captureContent: capturesOnSpans(env),
    metrics: isOn(env, 'metrics') ? metricsSettings(env) : undefined,
  };
}

function isOn(env: Env, signal: keyof typeof VARIABLES): boolean {
  const { exporter, endpoints, protocols } = VARIABLES[signal];
  const exporters = value(env, exporter)?.split(',') ?? ['otlp'];
  const endpoint = endpoints.find((name) => value(env, name) !== undefined);
  const isWanted = exporters.some((name) => name.trim() === 'otlp');
  if (isTrue(env, 'OTEL_SDK_DISABLED') || !isWanted || endpoint === undefined) return false;
  if (!isHttpUrl(value(env, endpoint))) {
    // The value may carry a password: it is not repeated.
    throw new UsageError('OTLP_SETTINGS_INVALID', `${endpoint} must be an http or https URL.`, {
      hint: 'For example http://localhost:4318, the OTLP/HTTP port of a collector.',
    });
  }
  const protocol = protocols.find((name) => value(env, name) !== undefined);
  if (protocol !== undefined && !value(env, protocol)?.startsWith('http/')) {
    throw new UsageError(
      'OTLP_SETTINGS_INVALID',
      `${protocol} ${JSON.stringify(value(env, protocol))} is not supported: it is sent over HTTP as JSON.`,
      { hint: 'Set it to http/json and the endpoint to the OTLP/HTTP port of the collector, usually 4318.' },
    );
  }
  return true;
}

function metricsSettings(env: Env): OtlpMetricsSettings {
  const intervalMs = milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL') ?? DEFAULT_INTERVAL_MS;
  const timeoutMs = milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT') ?? DEFAULT_TIMEOUT_MS;
  return { intervalMs, timeoutMs: Math.min(timeoutMs, intervalMs) };
}

function milliseconds(env: Env, name: string): number | undefined {
  const text = value(env, name);
  if (text === undefined) return undefined;
  const ms = Number(text);
  if (Number.isSafeInteger(ms) && ms > 0) return ms;
  throw new UsageError(
    'OTLP_SETTINGS_INVALID',
    `${name} must be a positive whole number of milliseconds, not ${JSON.stringify(text)}.`,
  );
}

function value(env: Env, name: string): string | undefined {
  const set = env[name]?.trim();
  return set === '' ? undefined : set;
}

function isHttpUrl(text: string | undefined): boolean {
  return text !== undefined && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** By OpenTelemetry's rule for its variables, whatever is not `true` is false. */
function isTrue(env: Env, name: string): boolean {
  return value(env, name)?.toLowerCase() === 'true';
}

/** The variable also says where to; whatever it says besides, content stays here. */
function capturesOnSpans(env: Env): boolean {
  return ['true', 'span_only', 'span_and_event'].includes(value(env, CAPTURE)?.toLowerCase() ?? '');
}
