export { connectMetrics, type MetricsConnection } from './connect-metrics.ts';
export { type MetricDefinition, TRAFFIC_METRICS } from './definitions.ts';
export { EXPOSITION_CONTENT_TYPE, exposition } from './exposition.ts';
export { counterDefinition, HEALTH_GAUGES, healthFamilies } from './health-metrics.ts';
export { type Price, type Prices, pricesSchema } from './prices.ts';
export { type MetricFamily, MetricsRegistry, type RegistryLimits } from './registry.ts';
export { TrafficMeter } from './traffic-meter.ts';
