import { z } from 'zod';
import { rootSpan, type Span, type Trace, traceSchema } from '../../core/index.ts';

/** Version of the format of cassettes. Readers refuse a newer one. */
export const CASSETTE_SCHEMA_VERSION = 1;

export const cassetteSchema = z.strictObject({
  schemaVersion: z.literal(CASSETTE_SCHEMA_VERSION),
  kind: z.literal('sluicegate-cassette'),
  /** When it was made, in milliseconds since the epoch. */
  savedAtMs: z.number().nonnegative(),
  /** Values that nodes read from `config.configurable`, which a trace does not hold. */
  configurable: z.record(z.string(), z.unknown()).default({}),
  /** The recorded run, without what no replay reads. */
  trace: traceSchema,
});
/** A recorded run to keep beside the tests. */
export type Cassette = z.infer<typeof cassetteSchema>;

/**
 * Makes a cassette of a recorded run. It holds what was redacted when the run was recorded as it was redacted; payloads
 * that no replay and no comparison reads (of chains and nested graphs, and what nodes were given) and stacks are left out.
 */
export function cassetteOf(
  trace: Trace,
  options: { readonly savedAtMs: number; readonly configurable?: Readonly<Record<string, unknown>> },
): Cassette {
  const root = rootSpan(trace);
  const firstNode = trace.spans.find(
    ({ type, name, parentId }) => type === 'node' && name !== '__start__' && parentId === root.id,
  );
  const { error, ...rest } = trace;
  return {
    schemaVersion: CASSETTE_SCHEMA_VERSION,
    kind: 'sluicegate-cassette',
    savedAtMs: options.savedAtMs,
    configurable: { ...options.configurable },
    trace: {
      ...rest,
      ...(error === undefined ? {} : { error: withoutStack(error) }),
      spans: trace.spans.map((span) => slim(span, span === root || span === firstNode)),
    },
  };
}

function slim(span: Span, keepInputs: boolean): Span {
  const { inputs, outputs, error, ...rest } = span;
  const isCall = span.type === 'llm' || span.type === 'tool' || span.type === 'retriever';
  const isNode = span.type === 'node' && span.name !== '__start__';
  return {
    ...rest,
    ...((isCall || keepInputs) && inputs !== undefined ? { inputs } : {}),
    ...((isCall || keepInputs || isNode) && outputs !== undefined ? { outputs } : {}),
    ...(error === undefined ? {} : { error: withoutStack(error) }),
  };
}

function withoutStack({ name, message }: { readonly name: string; readonly message: string }) {
  return { name, message };
}
