export type { ExportResult, TraceExporter } from './exporter.ts';
export { StoreExporter } from './store-exporter.ts';
