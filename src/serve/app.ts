import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { v7 as uuidv7 } from 'uuid';
import { errorMessage, silentLogger } from '../core/index.ts';
import { metricsContentType } from '../tracing/index.ts';
import { GraphRunner, type RunResult } from './graph-runner.ts';
import { resolveServeOptions, type ServeOptions } from './options.ts';
import { type Caller, type Parsed, parseBatch, parseInvoke } from './request.ts';
import { eventStream } from './sse.ts';

/** Names the run in every answer of a run, so that a failing one can be looked up too. */
const RUN_ID_HEADER = 'x-run-id';

/**
 * A Hono app that serves a compiled graph with LangServe's protocol: POST `{path}/invoke`, `{path}/batch` and
 * `{path}/stream`, and GET `/health` and, with the option `metrics`, `/metrics`. Its `fetch` takes any Request.
 *
 * The server makes the run id (a UUIDv7), gives it to the graph as `config.runId` and `configurable.run_id`, and to the
 * client as `metadata.run_id` and in the header `x-run-id`, for a failing run too (for a batch that fails: of the input
 * that failed). The run's metadata has the `route` that was called, and the caller's `traceparent` and `tracestate`: a traced
 * run belongs to the caller's trace and is sampled as the caller was. Of the client's config only `configurable` (without `__*`, `checkpoint_*` and `run_id`) and
 * `recursionLimit` survive. Beyond LangServe, `input: null` with `command: { resume }` answers an interrupt.
 *
 * There is no authentication and no CORS header. Bodies must be `application/json`, which web pages of other origins
 * cannot send.
 *
 * @throws UsageError `SERVE_OPTIONS_INVALID` or `NOT_A_GRAPH`.
 */
export function createServeApp(options: ServeOptions): Hono {
  const { path, name, version, maxBodyBytes, batchConcurrency, metrics } = resolveServeOptions(options);
  const logger = options.logger ?? silentLogger;
  const runner = new GraphRunner({ graph: options.graph, logger, newId: options.newId ?? uuidv7 });
  const signalOf = (c: Context) =>
    options.signal === undefined ? c.req.raw.signal : AbortSignal.any([c.req.raw.signal, options.signal]);

  const app = new Hono();
  app.notFound((c) => c.json({ detail: 'Not Found' }, 404));
  app.onError((error, c) => {
    // Of a body that ended early there is nobody to tell; one that is too large is answered by the limit itself.
    if (!c.req.raw.signal.aborted && error.name !== 'BodyLimitError') {
      logger.error(`${c.req.method} ${c.req.path} failed: ${errorMessage(error)}`);
    }
    return c.text('Internal Server Error', 500);
  });

  app.get('/health', (c) => c.json({ status: 'ok', name, ...(version === undefined ? {} : { version }) }));
  app.all('/health', (c) => methodNotAllowed(c, 'GET'));
  if (metrics !== undefined) {
    app.get('/metrics', (c) =>
      c.body(metrics(), 200, { 'content-type': metricsContentType, 'cache-control': 'no-store' }),
    );
    app.all('/metrics', (c) => methodNotAllowed(c, 'GET'));
  }

  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c) => c.json({ detail: [`Request body larger than ${maxBodyBytes} bytes`] }, 413),
  });

  app.post(`${path}/invoke`, limit, async (c) => {
    const request = await readBody(c, parseInvoke);
    if (request instanceof Response) return request;
    const result = await runner.invoke(request, callerOf(c), signalOf(c));
    if (result.kind !== 'done') return failure(c, result);
    c.header(RUN_ID_HEADER, result.runId);
    return c.json({ output: result.output, metadata: { run_id: result.runId, feedback_tokens: [] } });
  });

  app.post(`${path}/batch`, limit, async (c) => {
    const requests = await readBody(c, parseBatch);
    if (requests instanceof Response) return requests;
    const results = await runner.batch(requests, callerOf(c), {
      signal: signalOf(c),
      concurrency: batchConcurrency,
    });
    if ('kind' in results) return failure(c, results);
    return c.json({
      output: results.map(({ output }) => output),
      metadata: {
        responses: results.map(({ runId }) => ({ run_id: runId, feedback_tokens: [] })),
        run_ids: results.map(({ runId }) => runId),
      },
    });
  });

  app.post(`${path}/stream`, limit, async (c) => {
    const request = await readBody(c, parseInvoke);
    if (request instanceof Response) return request;
    const gone = new AbortController();
    const run = runner.prepare(request, callerOf(c), AbortSignal.any([signalOf(c), gone.signal]));
    const body = eventStream({
      runId: run.runId,
      start: run.stream,
      onError: (thrown) =>
        run.fail(thrown) === 'stopped'
          ? { status_code: 503, message: 'Service Unavailable' }
          : { status_code: 500, message: 'Internal Server Error' },
      onCancel: () => gone.abort(new Error('The client went away.')),
    });
    return c.body(body, 200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      [RUN_ID_HEADER]: run.runId,
    });
  });

  for (const route of ['invoke', 'batch', 'stream']) {
    app.all(`${path}/${route}`, (c) => methodNotAllowed(c, 'POST'));
  }
  return app;
}

function callerOf(c: Context): Caller {
  const traceparent = c.req.header('traceparent');
  const tracestate = c.req.header('tracestate');
  return {
    route: c.req.path,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}

async function readBody<Value>(
  c: Context,
  parse: (body: unknown) => Parsed<Value>,
): Promise<Value | Response> {
  // A form or plain text could come from any web page the user has open; JSON could not.
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
    return c.json({ detail: ['Content-Type must be application/json'] }, 415);
  }
  const text = await c.req.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return c.json({ detail: ['Invalid JSON body'] }, 422);
  }
  const parsed = parse(body);
  return parsed.ok ? parsed.value : c.json({ detail: parsed.detail }, 422);
}

/** What went wrong is in the server's log; the client learns which run it was. */
function failure(c: Context, result: RunResult & { kind: 'failed' | 'stopped' }): Response {
  c.header(RUN_ID_HEADER, result.runId);
  return result.kind === 'stopped'
    ? c.text('Service Unavailable', 503)
    : c.text('Internal Server Error', 500);
}

function methodNotAllowed(c: Context, allowed: string): Response {
  c.header('allow', allowed);
  return c.json({ detail: 'Method Not Allowed' }, 405);
}
