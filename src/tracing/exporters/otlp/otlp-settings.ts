import { UsageError } from '../../../core/index.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Whether and what to export by OTLP. */
export interface OtlpSettings {
  /** An endpoint is configured and OpenTelemetry is not disabled. */
  readonly enabled: boolean;
  /** Whether messages and payloads are sent. */
  readonly captureContent: boolean;
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;

/** The variable of the OpenTelemetry instrumentations for GenAI that allows content. */
const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/**
 * What the environment says of OTLP. On when an endpoint is set, unless `OTEL_SDK_DISABLED` is true or
 * `OTEL_TRACES_EXPORTER` names no `otlp`. The endpoint, headers, timeout and compression themselves are read by
 * OpenTelemetry's exporter.
 *
 * @throws UsageError `OTLP_SETTINGS_INVALID` for an endpoint that is no http(s) URL or a protocol other than OTLP over
 * HTTP.
 */
export function otlpSettings(env: Env): OtlpSettings {
  const captureContent = capturesOnSpans(env);
  const exporters = value(env, 'OTEL_TRACES_EXPORTER')?.split(',') ?? ['otlp'];
  const wanted = exporters.some((name) => name.trim() === 'otlp');
  const endpoint = ENDPOINTS.find((name) => value(env, name) !== undefined);
  if (isTrue(env, 'OTEL_SDK_DISABLED') || !wanted || endpoint === undefined) {
    return { enabled: false, captureContent };
  }
  const url = value(env, endpoint);
  if (!isHttpUrl(url)) {
    // The value may carry a password: it is not repeated.
    throw new UsageError('OTLP_SETTINGS_INVALID', `${endpoint} must be an http or https URL.`, {
      hint: 'For example http://localhost:4318, the OTLP/HTTP port of a collector.',
    });
  }
  const protocol =
    value(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? value(env, 'OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== undefined && !protocol.startsWith('http/')) {
    throw new UsageError(
      'OTLP_SETTINGS_INVALID',
      `OTEL_EXPORTER_OTLP_PROTOCOL ${JSON.stringify(protocol)} is not supported: traces are sent over HTTP as JSON.`,
      { hint: 'Set it to http/json and the endpoint to the OTLP/HTTP port of the collector, usually 4318.' },
    );
  }
  return { enabled: true, captureContent };
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
