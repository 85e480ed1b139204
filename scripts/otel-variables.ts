import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Variables that the sources read, and what they do there. */
const READ: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT:
    'Base URL of the collector; `/v1/traces` and `/v1/metrics` are added. Setting it switches both exports on.',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT:
    'Full URL for traces, used as it is, and switches their export on. Wins over the one before.',
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'The same for metrics.',
  OTEL_EXPORTER_OTLP_PROTOCOL:
    'Any `http/` value is accepted, and JSON over HTTP is sent; anything else, such as `grpc`, is refused at startup.',
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'The same for traces. Wins over the one before.',
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'The same for metrics.',
  OTEL_TRACES_EXPORTER: 'A list; a value without `otlp`, such as `none`, switches the export of traces off.',
  OTEL_METRICS_EXPORTER: 'The same for metrics.',
  OTEL_METRIC_EXPORT_INTERVAL: 'Milliseconds from one export of metrics to the next. Default 60000.',
  OTEL_METRIC_EXPORT_TIMEOUT: 'Milliseconds for one such export. Default 30000.',
  OTEL_SDK_DISABLED: '`true` switches both exports and the SDK for nested spans off.',
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT:
    '`true`, `span_only` or `span_and_event` sends messages and payloads, on spans. Anything else leaves them out.',
};

/** Variables that OpenTelemetry's own exporter and resource detector read. */
const READ_BY_OPENTELEMETRY: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: 'Milliseconds for one attempt. Default 10000.',
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE:
    '`cumulative` (default), `delta` or `lowmemory`. An export that fails is made up for by the next one only where sums are cumulative.',
  OTEL_SERVICE_NAME: 'Name of the service in the resource.',
  OTEL_RESOURCE_ATTRIBUTES: 'Further attributes of the resource: `key=value,key=value`.',
};

/**
 * Rows of the variables of OpenTelemetry.
 *
 * @throws Error for a variable that the sources read and this list does not explain, or that they no longer read.
 */
export function otelVariables(root: string): readonly (readonly [string, string])[] {
  const sources = globSync('src/**/*.ts', { cwd: root, exclude: (path) => path.endsWith('.test.ts') });
  const read = new Set(
    sources.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/'(OTEL_[A-Z_]+)'/g)].map(([, name = '']) => name),
    ),
  );
  const unexplained = [...read].filter((name) => !(name in READ));
  const idle = Object.keys(READ).filter((name) => !read.has(name));
  if (unexplained.length > 0) throw new Error(`No meaning is given for ${unexplained.join(', ')}.`);
  if (idle.length > 0) throw new Error(`The sources no longer read ${idle.join(', ')}.`);
  return Object.entries({ ...READ, ...READ_BY_OPENTELEMETRY }).map(([name, says]) => [`\`${name}\``, says]);
}
