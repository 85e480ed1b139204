// Memory of a large run: 100,000 examples through `sluice eval`, the whole command as users run it (dataset file, HTTP
// target, journal, three evaluators, baseline, gate, reports), against a local agent. The peak is the kernel's figure for
// the process that ran it.
//
//   npm run build && node bench/scale.mjs [examples]
//
// Exit code 1 when the peak is above 300 MB.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const EXAMPLES = Number(process.argv[2] ?? 100_000);
const LIMIT_MB = 300;
const BIN = fileURLToPath(new URL('../bin/sluice.js', import.meta.url));
// Tells the peak of its own process on the way out: the figure of a child is not told to its parent.
const TELL_PEAK = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('\\nPEAK ' + process.resourceUsage().maxRSS + '\\n'))",
)}`;

const folder = mkdtempSync(join(tmpdir(), 'sluice-scale-'));
const server = spawn(process.execPath, [fileURLToPath(new URL('runner-server.mjs', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});

async function sluice(...argv) {
  const startMs = performance.now();
  const child = spawn(process.execPath, ['--import', TELL_PEAK, BIN, ...argv], {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-4_000);
  });
  const [exitCode] = await once(child, 'close');
  const [, peakKb] = /PEAK (\d+)/.exec(said) ?? [];
  if (exitCode !== 0 || peakKb === undefined)
    throw new Error(`sluice ${argv.join(' ')}: ${exitCode}\n${said}`);
  return { peakMb: Number(peakKb) / 1024, seconds: (performance.now() - startMs) / 1_000 };
}

try {
  const [port] = await once(server.stdout.setEncoding('utf8'), 'data');
  const lines = Array.from({ length: EXAMPLES }, (_, index) =>
    JSON.stringify({
      id: `example-${index}`,
      inputs: {
        messages: [
          { role: 'user', content: `Where is my refund for order A-${index}? ${'It is late. '.repeat(20)}` },
        ],
      },
      outputs: { contains: ['refund'] },
      metadata: { topic: `topic-${index % 50}` },
    }),
  );
  writeFileSync(join(folder, 'large.jsonl'), `${lines.join('\n')}\n`);
  const suite = {
    name: 'large',
    dataset: 'large.jsonl',
    target: `langserve:http://127.0.0.1:${port.trim()}/agent`,
    evaluators: ['has_resolution', 'no_error', 'latency'],
    concurrency: 16,
  };
  writeFileSync(join(folder, 'sluice.config.json'), JSON.stringify({ suites: [suite] }));
  const shown = ({ peakMb, seconds }) => `${Math.round(peakMb)} MB, ${Math.round(seconds)} s`;
  const sizeMb = statSync(join(folder, 'large.jsonl')).size / 1024 / 1024;
  process.stdout.write(`dataset          ${EXAMPLES} examples, ${Math.round(sizeMb)} MB\n`);
  const measured = await sluice('eval', '--no-gate');
  process.stdout.write(`eval --no-gate   ${shown(measured)}\n`);
  const accepted = await sluice('baseline', 'accept');
  process.stdout.write(`baseline accept  ${shown(accepted)}\n`);
  const gated = await sluice('eval');
  process.stdout.write(`eval, gated      ${shown(gated)} (limit ${LIMIT_MB} MB)\n`);
  if ([measured, accepted, gated].some(({ peakMb }) => peakMb > LIMIT_MB)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
  server.stdin.end();
  await once(server, 'exit');
}
