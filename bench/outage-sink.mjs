// A trace backend that can be down in all the ways one is: LangSmith's and OTLP's ingest paths on the loopback interface.
// The parent process says by message what it does: {become: 'ok' | 'unavailable' | 'hang' | 'refuse'}, {clear: true}, or
// {count: true}, and has an answer to each.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

const INFO = JSON.stringify({
  version: '0.16.4',
  batch_ingest_config: { use_multipart_endpoint: true, size_limit: 100, size_limit_bytes: 20_971_520 },
  instance_flags: { gzip_body_enabled: true },
});

let mode = 'ok';
let server;
let port = 0;
/** Ids of root runs: those of which anything has arrived, and those that have arrived with their end. */
const seen = new Set();
const finished = new Set();
/** What could not be read: a body that is skipped would look like a lost run. */
let unreadable = 0;

async function listen() {
  server = createServer((request, response) => {
    handle(request, response).catch((thrown) => {
      // The sender went away in the middle of its request.
      if (thrown.code === 'ECONNRESET') return;
      unreadable += 1;
      process.stderr.write(`${thrown.stack}\n`);
      response.writeHead(422).end();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  port = server.address().port;
}

async function become(next) {
  const before = mode;
  mode = next;
  if (next === 'refuse' && server !== undefined) {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    server = undefined;
    await closed;
  } else if (server === undefined) {
    await listen();
  } else if (before === 'hang') {
    // A request that hung is not answered later either.
    server.closeAllConnections();
  }
}

async function handle(request, response) {
  const body = await buffer(request);
  if (mode === 'hang') return;
  if (mode === 'unavailable') {
    response.writeHead(503).end();
    return;
  }
  response.setHeader('content-type', 'application/json');
  if (request.url.startsWith('/info')) {
    response.end(INFO);
    return;
  }
  take(request, decompress(body, request.headers['content-encoding']));
  response.writeHead(request.url === '/v1/traces' ? 200 : 202).end('{}');
}

function take(request, body) {
  if (request.url === '/v1/traces') takeSpans(JSON.parse(body.toString()));
  else if (request.url === '/runs/multipart') takeParts(body, request.headers['content-type']);
  else if (request.url === '/runs/batch') {
    const { post = [], patch = [] } = JSON.parse(body.toString());
    for (const run of [...post, ...patch]) takeRun(run);
  } else throw new Error(`${request.method} ${request.url} is not known here`);
}

/** A span leaves its process when it has ended, and a root is the one without a parent. */
function takeSpans({ resourceSpans }) {
  for (const span of resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))) {
    if (span.parentSpanId) continue;
    seen.add(span.traceId);
    finished.add(span.traceId);
  }
}

/** Parts `post.<id>` and `patch.<id>` hold the run; those with a third name hold one field of it, such as its outputs. */
function takeParts(body, contentType) {
  const boundary = /boundary="?([^";]+)/.exec(contentType)[1];
  for (const part of body.toString().split(`--${boundary}`)) {
    const [head, json] = split(part, '\r\n\r\n');
    if (/name="(?:post|patch)\.[^."]+"/.test(head)) takeRun(JSON.parse(json));
  }
}

function takeRun({ id, trace_id: traceId, end_time: endTime }) {
  if (id !== traceId) return;
  seen.add(id);
  if (endTime) finished.add(id);
}

function split(text, separator) {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function decompress(body, encoding) {
  if (encoding === 'gzip') return gunzipSync(body);
  return encoding === 'zstd' ? zstdDecompressSync(body) : body;
}

async function obey(order) {
  if (order.become !== undefined) await become(order.become);
  if (order.clear) {
    seen.clear();
    finished.clear();
  }
  return { url: `http://127.0.0.1:${port}`, seen: seen.size, finished: finished.size, unreadable };
}

await listen();
process.on('message', async (order) => process.send(await obey(order)));
process.on('disconnect', () => process.exit(0));
