// A zero-latency agent behind LangServe's routes, in a process of its own: what is measured is the client. Prints its port.
import { createServer } from 'node:http';

const body = JSON.stringify({
  output: {
    messages: [
      { type: 'human', content: 'Where is my refund for order A-1002?' },
      { type: 'ai', content: '', tool_calls: [{ id: 'c1', name: 'refund', args: { orderId: 'A-1002' } }] },
      { type: 'tool', content: '{"ok":true,"outcome":"refund.completed"}', tool_call_id: 'c1' },
      {
        type: 'ai',
        content: 'Your refund of 24.00 EUR for order A-1002 (linen apron) has been completed.',
        usage_metadata: { input_tokens: 412, output_tokens: 31, total_tokens: 443 },
      },
    ],
  },
  metadata: { run_id: '0199a000-0000-7000-8000-000000000001' },
});
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };

const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, headers).end(body));
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
// The parent has gone: nobody is left to answer.
process.stdin.resume().on('end', () => process.exit());
