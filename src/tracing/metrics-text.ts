import { tracingHealth, trafficMetrics } from './live-tracers.ts';
import { EXPOSITION_CONTENT_TYPE, exposition, healthFamilies } from './metrics/index.ts';

/** The content type of {@link metricsText}: Prometheus text format 0.0.4. */
export const metricsContentType = EXPOSITION_CONTENT_TYPE;

/**
 * What has happened since the start of the process, as text for a Prometheus server to scrape: runs, nodes, tools, models,
 * tokens and cost of every run, sampled or not, and the tracer's own health. Holds names, never payloads.
 *
 * @example
 * ```ts
 * import { metricsContentType, metricsText } from 'sluicegate/tracing';
 * app.get('/metrics', (request, response) => response.type(metricsContentType).send(metricsText()));
 * ```
 */
export function metricsText(): string {
  return exposition([...trafficMetrics.families(), ...healthFamilies(tracingHealth())]);
}
