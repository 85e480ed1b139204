import { z } from 'zod';
import type { RecordFormat } from '../../spool/index.ts';

const spanBatchSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** As in the JSON of an OTLP request, with the resource of the process that recorded them. */
  resourceSpans: z.array(z.record(z.string(), z.unknown())),
});
/** Finished spans that were recorded beside graphs, encoded for OTLP. */
export type SpanBatch = z.infer<typeof spanBatchSchema>;

/** Reads the JSON of an OTLP request as a batch. @throws ZodError when it is none. */
export function spanBatch(request: Uint8Array): SpanBatch {
  const { resourceSpans } = JSON.parse(Buffer.from(request).toString());
  return spanBatchSchema.parse({ schemaVersion: 1, resourceSpans });
}

/** Batches of spans as the spool has them. */
export const SPAN_BATCH_FORMAT: RecordFormat<SpanBatch> = {
  noun: 'spans',
  text: (batch) => JSON.stringify(batch),
  read(text) {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return { problem: 'it is not JSON' };
    }
    const parsed = spanBatchSchema.safeParse(json);
    if (parsed.success) return { trace: parsed.data };
    const [issue] = parsed.error.issues;
    return { problem: `${issue?.path.join('.') || 'record'}: ${issue?.message}` };
  },
};
