// A trace backend that takes everything and keeps nothing: LangSmith's and OTLP's ingest paths on the loopback interface.
import { createServer } from 'node:http';

const INFO = JSON.stringify({
  version: '0.12.0',
  batch_ingest_config: { use_multipart_endpoint: true, size_limit: 100, size_limit_bytes: 20_971_520 },
  // What LangSmith itself says; its own client takes zstd too.
  instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: true },
});

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.writeHead(request.url.startsWith('/info') ? 200 : 202);
    response.end(request.url.startsWith('/info') ? INFO : '{}');
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume().on('end', () => server.closeAllConnections() ?? server.close());
