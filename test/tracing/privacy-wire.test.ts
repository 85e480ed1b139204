// Every value that can enter a traced graph, looked for in the bytes that leave its process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TraceOptions } from '../../src/tracing/index.ts';
import { findTexts, textsIn } from '../support/canaries.ts';
import { LangSmithServer } from '../support/langsmith-server.ts';
import { type OtlpServer, otlpServer } from '../support/otlp-server.ts';
import {
  PRIVATE_PLACES,
  type PrivatePlace,
  type PrivateTexts,
  privateTexts,
} from '../support/private-agent.ts';
import type { PrivateJob } from '../support/private-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { WireTap } from '../support/wire-tap.ts';

const PROCESS = fileURLToPath(new URL('../support/private-process.ts', import.meta.url));
const PLAIN = privateTexts((place) => `canary${place}qx7zk2`);
const EMAILS = privateTexts((place) => `canary.${place}@example.com`);

let langsmith: LangSmithServer;
let otlp: OtlpServer;
let taps: { readonly langsmith: WireTap; readonly otlp: WireTap; readonly peer: WireTap };
const peer = createServer((_request, response) => response.end('ok'));

beforeAll(async () => {
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => peer.close(resolve));
});

beforeEach(async () => {
  langsmith = await LangSmithServer.start();
  otlp = await otlpServer();
  taps = {
    langsmith: await WireTap.before(langsmith.url),
    otlp: await WireTap.before(otlp.url),
    peer: await WireTap.before(`http://127.0.0.1:${(peer.address() as AddressInfo).port}`),
  };
  return async () => {
    for (const one of [...Object.values(taps), langsmith, otlp]) await one[Symbol.asyncDispose]();
  };
});

type Found = Readonly<Record<'disk' | 'langsmith' | 'otlp', readonly PrivatePlace[]>>;
const NOTHING: Found = { disk: [], langsmith: [], otlp: [] };

function placesOn(tap: WireTap, texts: PrivateTexts): readonly PrivatePlace[] {
  const found = new Set(textsIn(tap.bytes, Object.values(texts)));
  return PRIVATE_PLACES.filter((place) => found.has(texts[place]));
}

/** The places whose text is in any file of the home, in any form, or has been sent. */
async function look(home: string, texts: PrivateTexts): Promise<Found> {
  const files = await findTexts(home, Object.values(texts));
  return {
    disk: PRIVATE_PLACES.filter((place) => files.some((line) => line.endsWith(`: ${texts[place]}`))),
    langsmith: placesOn(taps.langsmith, texts),
    otlp: placesOn(taps.otlp, texts),
  };
}

interface Run {
  readonly home: string;
  readonly texts?: PrivateTexts;
  readonly options?: TraceOptions;
  readonly env?: Readonly<Record<string, string>>;
  readonly ownSdk?: boolean;
  /** Looks at the home while the process still runs. */
  readonly whileOpen?: () => Promise<void>;
}

/** Calls the agent in a process of its own, and looks while that runs and once it has ended. */
async function run({ home, texts = PLAIN, options = {}, env = {}, ownSdk = false, whileOpen }: Run) {
  const job: PrivateJob = { options: { home, ...options }, texts, ownSdk, peer: taps.peer.url };
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(job)], {
    env: {
      PATH: process.env['PATH'],
      NODE_NO_WARNINGS: '1',
      LANGSMITH_TRACING: 'true',
      LANGSMITH_ENDPOINT: taps.langsmith.url,
      LANGSMITH_API_KEY: 'key',
      OTEL_EXPORTER_OTLP_ENDPOINT: taps.otlp.url,
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
      ...env,
    },
  });
  const exited = once(child, 'exit');
  const stderr = text(child.stderr);
  await Promise.race([once(child.stdout, 'data'), exited]);
  const open = await look(home, texts);
  await whileOpen?.();
  if (child.exitCode === null) child.stdin.end('close\n');
  await exited;
  expect([child.exitCode, child.exitCode === 0 ? '' : await stderr]).toEqual([0, '']);
  const closed = await look(home, texts);
  const both = (where: keyof Found) =>
    PRIVATE_PLACES.filter((place) => open[where].includes(place) || closed[where].includes(place));
  return { disk: both('disk'), langsmith: both('langsmith'), otlp: both('otlp') } satisfies Found;
}

const HIDDEN = { hideInputs: true, hideOutputs: true, hideMetadata: true } as const;

/** What only OpenTelemetry is told. */
const ofOtel = PRIVATE_PLACES.filter((place) => place.startsWith('otel') || place === 'url');
const without = (...left: readonly PrivatePlace[]) => PRIVATE_PLACES.filter((place) => !left.includes(place));

describe('what leaves a traced graph', () => {
  // The same search as below: it finds everything, so that finding nothing means something.
  it.each([false, true])(
    'is every value that entered it, when nothing is hidden (own SDK: %s)',
    async (ownSdk) => {
      await using dir = await tempDir();
      const found = await run({ home: dir.path, ownSdk });
      expect(found.disk).toEqual(without(...ofOtel, 'baggage'));
      expect(found.langsmith).toEqual(without(...ofOtel, 'tracestate', 'baggage'));
      // Metadata and tags are attributes of the root alone.
      const ofRoot = [
        'innertag',
        'innermetadata',
        'messagename',
        'traceablemetadata',
        'traceabletag',
      ] as const;
      expect(found.otlp).toEqual(without(...ofRoot, 'baggage'));
      // What the node calls is told what the node's caller said: that is no trace, but what propagation is for.
      expect(placesOn(taps.peer, PLAIN)).toEqual(['url', 'tracestate', 'baggage']);
    },
  );

  const gzip = { version: '0.16.4', instance_flags: { gzip_body_enabled: true } };
  const zstd = { version: '0.16.4', instance_flags: { zstd_compression_enabled: true } };
  const byEnvironment = {
    LANGSMITH_HIDE_INPUTS: 'true',
    LANGCHAIN_HIDE_OUTPUTS: 'true',
    LANGSMITH_HIDE_METADATA: 'true',
  };
  it.each<[string, Partial<Run> & { readonly info?: object; readonly sends: RegExp }]>([
    ['options, with gzip', { options: HIDDEN, info: gzip, sends: /^POST \/runs\/multipart gzip$/ }],
    ['options, with zstd', { options: HIDDEN, info: zstd, sends: /^POST \/runs\/multipart zstd$/ }],
    ['the environment', { env: byEnvironment, sends: /^POST \/runs\/multipart identity$/ }],
    ['options, in batches', { options: HIDDEN, sends: /^POST \/runs\/batch identity$/ }],
    ['options, with an SDK of its own', { options: HIDDEN, ownSdk: true, sends: /^POST \/runs/ }],
    [
      'options, without content in OTLP, compressed',
      {
        options: HIDDEN,
        env: {
          OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'false',
          OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        },
        sends: /^POST \/runs/,
      },
    ],
  ])('is no byte of any of them, when everything is hidden by %s', async (name, { info, sends, ...how }) => {
    await using dir = await tempDir();
    if (info !== undefined) langsmith.behaviour.info = { ...info };
    if (name.endsWith('batches')) langsmith.behaviour.multipart = false;
    expect(await run({ home: dir.path, ...how })).toEqual(NOTHING);
    const sent = taps.langsmith.requests.map(
      ({ head, encoding }) => `${head.split(' ').slice(0, 2).join(' ')} ${encoding}`,
    );
    expect(sent).toContainEqual(expect.stringMatching(sends));
    expect(langsmith.complaints).toEqual([]);
    // Four runs of the graph, and what is no private value is still there.
    expect(langsmith.runs.filter((one) => one['name'] === 'agent')).toHaveLength(4);
    const bytes = Buffer.concat([...taps.otlp.bytes]).toString('latin1');
    for (const kept of ['invoke_agent agent', 'execute_tool look_up', '"GET"']) expect(bytes).toContain(kept);
    // Metrics name graphs, tools and models too.
    if (how.ownSdk !== true) expect(bytes).toContain('POST /v1/metrics');
  });

  it('is no byte of what the redaction finds', async () => {
    await using dir = await tempDir();
    expect(await run({ home: dir.path, texts: EMAILS, options: { redact: true } })).toEqual(NOTHING);
    const bytes = Buffer.concat([...taps.otlp.bytes, ...taps.langsmith.bytes]).toString('latin1');
    expect(bytes).toContain('[redacted:email]');
    expect(bytes).toContain('no row for [redacted:email]');
  });

  it('is no byte of them in what waits through an outage, nor in what is refused and set aside', async () => {
    await using dir = await tempDir();
    const filesIn = async (folder: string) => {
      const entries = await readdir(join(dir.path, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    };
    langsmith.behaviour.outage = { status: 503 };
    otlp.answers.push(...Array.from({ length: 40 }, () => ({ status: 503 })));
    const waiting: string[] = [];
    const whileOpen = async () => void waiting.push(...(await filesIn('spool')));
    expect(await run({ home: dir.path, options: HIDDEN, whileOpen })).toEqual(NOTHING);
    expect(waiting).not.toEqual([]);

    for (const status of [400, 413]) {
      langsmith.behaviour.outage = { status };
      otlp.answers.length = 0;
      otlp.answers.push(...Array.from({ length: 40 }, () => ({ status })));
      expect(await run({ home: dir.path, options: HIDDEN })).toEqual(NOTHING);
      expect(await filesIn('dead-letter')).not.toEqual([]);
    }
    expect(taps.langsmith.requests.length).toBeGreaterThan(10);
  });

  it('is nothing that LangSmith’s own tracer would have sent in its place', async () => {
    await using dir = await tempDir();
    const env = { LANGSMITH_API_KEY: '' };
    expect(await run({ home: dir.path, options: HIDDEN, env })).toEqual(NOTHING);
    expect(await run({ home: dir.path, options: { ...HIDDEN, langsmith: false } })).toEqual(NOTHING);
    expect(taps.langsmith.requests.filter(({ head }) => head.startsWith('POST'))).toEqual([]);
  });
});
