import { join } from 'node:path';
import { type Clock, type Logger, spoolFolder, traceStorePath } from '../../core/index.ts';
import { Counters } from '../counters.ts';
import { DeadLetterOffice } from '../dead-letters/index.ts';
import { LangSmithExporter, OtlpExporter, StoreExporter, type TraceExporter } from '../exporters/index.ts';
import { DEFAULT_RETENTION_DAYS, type ResolvedTraceOptions } from '../options/options.ts';
import { otelHub } from '../otel/index.ts';
import type { DeliveryDisk } from './delivery.ts';
import { traceStateOf } from './exported-sampling.ts';

const DAY_MS = 86_400_000;

/** What the default exporters need. */
export interface ExporterDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
}

/** Where the options send kept traces: the embedded store, and LangSmith and an OTLP backend where they are configured. */
export function defaultExporters(
  options: ResolvedTraceOptions,
  deps: ExporterDeps,
): readonly TraceExporter[] {
  const { langsmith, otlp } = options;
  return [
    storeExporter(options, deps),
    ...(langsmith === undefined ? [] : [new LangSmithExporter(langsmith)]),
    ...(otlp.enabled || otelHub.hasSink ? [otlpExporter(options, deps)] : []),
  ];
}

/** The folder of what exporters have refused for good. */
export function deadLetterFolder({ home }: Pick<ResolvedTraceOptions, 'home'>): string {
  return join(home, 'dead-letter');
}

/**
 * What exporters have refused for good, with the exporters that the options configure now.
 *
 * @returns To be closed, which closes the exporters.
 */
export function openDeadLetters(
  options: ResolvedTraceOptions,
  deps: Pick<ExporterDeps, 'clock' | 'logger'>,
): { readonly office: DeadLetterOffice; readonly exporters: readonly string[]; close(): Promise<void> } {
  const exporters = defaultExporters(options, { ...deps, counters: new Counters() });
  return {
    office: new DeadLetterOffice({ folder: deadLetterFolder(options), exporters, clock: deps.clock }),
    exporters: exporters.map(({ name }) => name),
    close: async () => void (await Promise.allSettled(exporters.map((exporter) => exporter.close()))),
  };
}

function otlpExporter({ otlp }: ResolvedTraceOptions, { counters, logger }: ExporterDeps): OtlpExporter {
  let hasWarned = false;
  return new OtlpExporter({
    captureContent: otlp.captureContent,
    traceState: traceStateOf,
    onRejected: (spans) => {
      counters.add('spans_dropped', 'otlp_rejected', spans);
      if (hasWarned) return;
      hasWarned = true;
      logger.warn(
        `The OTLP receiver left out ${spans} spans of traces that it took. They are counted, in spans_dropped as ` +
          'otlp_rejected; what it says of them goes to the diag logger of @opentelemetry/api.',
      );
    },
  });
}

/** The disk that these exporters are delivered by way of. */
export function diskFor(exporters: readonly TraceExporter[], options: ResolvedTraceOptions): DeliveryDisk {
  return {
    spoolFolder: spoolFolder(options.home),
    deadLetterFolder: deadLetterFolder(options),
    use: exporters.every(({ isOnDisk }) => isOnDisk === true) ? 'on_trouble' : 'always',
    maxSpoolBytes: options.maxSpoolBytes,
  };
}

function storeExporter(
  { home, projectRetentionDays }: ResolvedTraceOptions,
  { clock, logger, counters }: ExporterDeps,
): StoreExporter {
  return new StoreExporter(traceStorePath(home), {
    maxAgeMs: DEFAULT_RETENTION_DAYS * DAY_MS,
    maxAgesMs: projectRetentionDays.map(([project, days]) => [project, days * DAY_MS]),
    clock,
    logger,
    onRemoved: (count) => counters.add('traces_removed', 'age', count),
  });
}
