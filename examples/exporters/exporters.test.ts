import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LangSmithServer } from '../../test/support/langsmith-server.ts';
import { otlpServer } from '../../test/support/otlp-server.ts';
import { tempDir } from '../../test/support/temp-dir.ts';

let dir: Awaited<ReturnType<typeof tempDir>>;
beforeEach(async () => {
  dir = await tempDir();
});
afterEach(() => dir[Symbol.asyncDispose]());

/** Runs an example on the sources: the package's own name leads to what is built. */
async function run(example: string, env: Record<string, string> = {}) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--import', onSources, fileURLToPath(new URL(`./${example}.ts`, import.meta.url))],
    { env: { PATH: process.env['PATH'] ?? '', SLUICE_HOME: dir.path, ...env } },
  );
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

/** Resolves `sluicegate/tracing` to its source. */
const onSources = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'sluicegate/tracing'
        ? next(${JSON.stringify(new URL('../../src/tracing/index.ts', import.meta.url).href)}, context)
        : next(specifier, context),
  });
`)}`;

/** How many traces each exporter has taken, as the example says it. */
function delivered(out: string): unknown {
  return JSON.parse(/^Delivered: (.*)$/m.exec(out)?.[1] ?? 'null');
}

describe('the examples of exporters', () => {
  it('both.ts prints what LangSmith and a collector get, and what was delivered', async () => {
    const { code, out, err } = await run('both');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/^POST \/runs\/multipart/m);
    expect(out).toMatch(/^ {2}post [0-9a-f-]{36} support-agent \(inputs/m);
    expect(out.match(/^ {2}[0-9a-f]{32} invoke_agent support-agent(?: ERROR)?$/gm)).toHaveLength(2);
    expect(out).toMatch(/ invoke_agent support-agent ERROR$/m);
    expect(delivered(out)).toEqual({ store: 2, langsmith: 2, otlp: 2 });
    expect(out).toMatch(/^ {2}sluicegate\.runs support-agent error 1$/m);
  });

  it('langsmith.ts sends to LangSmith alone', async () => {
    await using server = await LangSmithServer.start();
    const { code, out } = await run('langsmith', {
      LANGSMITH_API_KEY: 'key',
      LANGSMITH_ENDPOINT: server.url,
    });
    expect(code).toBe(0);
    expect(delivered(out)).toEqual({ store: 2, langsmith: 2 });
    expect(server.runs.filter(({ name }) => name === 'support-agent')).toHaveLength(2);
  });

  it('otlp.ts sends to a collector alone', async () => {
    await using server = await otlpServer();
    const { code, out } = await run('otlp', { OTEL_EXPORTER_OTLP_ENDPOINT: server.url });
    expect(code).toBe(0);
    expect(delivered(out)).toEqual({ store: 2, otlp: 2 });
    expect(new Set(server.spans.map(({ traceId }) => traceId)).size).toBe(2);
    expect(server.metrics.find(({ metric }) => metric === 'sluicegate.runs')?.value).toBe(1);
  });
});
