import { z } from 'zod';
import { isRecord } from '../core/index.ts';

/** A client must not make one run cost more than this many steps. */
const MAX_RECURSION_LIMIT = 1_000;

const configSchema = z
  .object({
    configurable: z
      .record(z.string(), z.unknown())
      .and(z.object({ thread_id: z.string().min(1).nullish() }))
      .nullish(),
    recursionLimit: z.number().int().min(1).max(MAX_RECURSION_LIMIT).nullish(),
  })
  .nullish();

/** Only an answer to an interrupt: `goto` and `update` would let a client walk past the graph's own checks. */
const commandSchema = z.strictObject({ resume: z.unknown() }).nullish();

/** Clients in JavaScript send a list, those in Python an object; there is nothing in it that a graph takes. */
const kwargsSchema = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish();

const invokeSchema = z.object({
  input: z.unknown(),
  config: configSchema,
  kwargs: kwargsSchema,
  command: commandSchema,
});

const batchSchema = z.object({
  inputs: z.array(z.unknown()),
  config: z.union([configSchema, z.array(configSchema)]),
  kwargs: kwargsSchema,
});

/** What a client may choose about a run. */
export interface RunRequest {
  readonly input: unknown;
  /** Present to answer an interrupt; the input is null then. */
  readonly command?: { readonly resume: unknown };
  readonly configurable: Readonly<Record<string, unknown>>;
  readonly recursionLimit?: number;
}

/** What a run says of the request that it answers. */
export interface Caller {
  /** Path that was called. */
  readonly route: string;
  /** Of W3C Trace Context, as they were sent. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** What is wrong with a body, in the form of FastAPI's 422 answers. */
export type Detail =
  | string
  | { readonly type: string; readonly loc: readonly (string | number)[]; readonly msg: string };

/** A body that was understood, or everything that is wrong with it. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly detail: readonly Detail[] };

/** Parses the body of `/invoke` and `/stream`. */
export function parseInvoke(body: unknown): Parsed<RunRequest> {
  const parsed = parseBody(invokeSchema, body, 'input');
  if (!parsed.ok) return parsed;
  const { input, config, command } = parsed.value;
  if (command && input !== null && input !== undefined) {
    return problem(['input'], 'must be null together with a command');
  }
  const request = toRequest(command ? null : input, config);
  if (request.input === null && typeof request.configurable['thread_id'] !== 'string') {
    return problem(['config', 'configurable', 'thread_id'], 'required to resume a run (input null)');
  }
  return { ok: true, value: command ? { ...request, command: { resume: command.resume } } : request };
}

/** Parses the body of `/batch`: one request for each input. */
export function parseBatch(body: unknown): Parsed<readonly RunRequest[]> {
  const parsed = parseBody(batchSchema, body, 'inputs');
  if (!parsed.ok) return parsed;
  const { inputs, config } = parsed.value;
  if (Array.isArray(config) && config.length !== inputs.length) {
    return problem(['config'], `has ${config.length} configs for ${inputs.length} inputs`);
  }
  const missing = inputs.indexOf(null);
  if (missing >= 0) return problem(['inputs', missing], 'a batch cannot resume a run (input null)');
  return {
    ok: true,
    value: inputs.map((input, index) => toRequest(input, Array.isArray(config) ? config[index] : config)),
  };
}

function toRequest(input: unknown, config: z.infer<typeof configSchema>): RunRequest {
  const recursionLimit = config?.recursionLimit;
  return {
    input,
    configurable: clientConfigurable(config?.configurable ?? {}),
    ...(typeof recursionLimit === 'number' ? { recursionLimit } : {}),
  };
}

/**
 * What of a client's `configurable` reaches the graph: neither LangGraph's internals (`__*`), nor a checkpoint of the
 * client's choice (`checkpoint_*`), nor the run id, which is the server's.
 */
export function clientConfigurable(configurable: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(configurable).filter(
      ([key]) => !key.startsWith('__') && !key.startsWith('checkpoint_') && key !== 'run_id',
    ),
  );
}

function parseBody<Value>(schema: z.ZodType<Value>, body: unknown, required: string): Parsed<Value> {
  if (isRecord(body) && body[required] === undefined && !body['command']) {
    return { ok: false, detail: [{ type: 'missing', loc: ['body', required], msg: 'Field required' }] };
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return { ok: true, value: parsed.data };
  return {
    ok: false,
    detail: parsed.error.issues.map((issue) => ({
      type: issue.code,
      loc: ['body', ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))],
      msg: issue.message,
    })),
  };
}

function problem(path: readonly (string | number)[], msg: string): { ok: false; detail: Detail[] } {
  return { ok: false, detail: [{ type: 'value_error', loc: ['body', ...path], msg }] };
}
