import { z } from 'zod';

/** How a request body is compressed. */
export type BodyEncoding = 'zstd' | 'gzip';

/** What a server takes. */
export interface ServerLimits {
  /** Whether it has `/runs/multipart`; else runs go to `/runs/batch`. */
  readonly multipart: boolean;
  /** Runs in one request. */
  readonly maxRuns: number;
  /** Bytes of one request before compression. */
  readonly maxBytes: number;
  /** Undefined when bodies are sent as they are. */
  readonly encoding: BodyEncoding | undefined;
}

/** What is assumed of a server that does not say. */
export const DEFAULT_LIMITS: ServerLimits = {
  multipart: true,
  maxRuns: 100,
  maxBytes: 24 * 1024 * 1024,
  encoding: undefined,
};

const size = z.number().int().positive().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);

/** `GET /info`, of which every field is optional; one that cannot be read counts as missing. */
const infoSchema = z.object({
  batch_ingest_config: z
    .object({ use_multipart_endpoint: flag, size_limit: size, size_limit_bytes: size })
    .optional()
    .catch(undefined),
  instance_flags: z
    .object({ zstd_compression_enabled: flag, gzip_body_enabled: flag })
    .optional()
    .catch(undefined),
});

/** Reads the answer of `GET /info`. */
export function readServerLimits(info: unknown): ServerLimits {
  const { batch_ingest_config: batch, instance_flags: flags } = infoSchema.catch({}).parse(info);
  return {
    multipart: batch?.use_multipart_endpoint ?? DEFAULT_LIMITS.multipart,
    maxRuns: batch?.size_limit ?? DEFAULT_LIMITS.maxRuns,
    maxBytes: batch?.size_limit_bytes ?? DEFAULT_LIMITS.maxBytes,
    encoding: flags?.zstd_compression_enabled ? 'zstd' : flags?.gzip_body_enabled ? 'gzip' : undefined,
  };
}
