import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../test/support/temp-dir.ts';
import { readModules } from './check-imports.ts';
import { IMPORT_RULES } from './import-rules.ts';
import { findViolations, type Modules } from './import-violations.ts';
import { moduleFacts } from './module-facts.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A source line that breaks a rule, and the file it is planted in (new, or appended to). */
type Plant = Readonly<Record<string, string>>;

/** For each rule, ways to break it. Every rule must have one. */
const PLANTS: Readonly<Record<string, readonly Plant[]>> = {
  core: [
    { 'src/core/ids.ts': "import { readFileSync } from 'node:fs';" },
    { 'src/core/ids.ts': "import type { Argv } from 'yargs';" },
    { 'src/core/ids.ts': "export type T = import('../store/index.ts').TraceStore;" },
  ],
  'nothing-imports-cli': [
    { 'src/store/busy-retry.ts': "export type { Output } from '../cli/command.ts';" },
    { 'src/serve/sse.ts': "const later = () => import('../cli/flag.ts');" },
  ],
  sampling: [{ 'src/tracing/sampling/planted.ts': "import { readFileSync } from 'node:fs';" }],
  redaction: [{ 'src/tracing/redaction/redact.ts': "import { hostname } from 'node:os';" }],
  stats: [{ 'src/evals/stats/interval.ts': "import type { Experiment } from '../experiment.ts';" }],
  contracts: [{ 'src/evals/evaluator.ts': "import { readFile } from 'node:fs/promises';" }],
  gate: [
    { 'src/evals/gate/bounds.ts': "import { randomUUID } from 'node:crypto';" },
    { 'src/evals/gate/bounds.ts': "import { runExperiment } from '../runner/index.ts';" },
  ],
  reports: [{ 'src/evals/reports/score-row.ts': "import { readFile } from 'node:fs/promises';" }],
  tracing: [
    { 'src/tracing/counters.ts': "import type { Verdict } from '../evals/index.ts';" },
    { 'src/tracing/counters.ts': "import { createServeApp } from '../serve/index.ts';" },
  ],
  store: [{ 'src/store/busy-retry.ts': "export * from '../tracing/index.ts';" }],
  serve: [{ 'src/serve/sse.ts': "import { gate } from '../evals/index.ts';" }],
  'tracing-entry': [
    // By a detour: the file itself may import it, the entry must not reach it.
    { 'src/tracing/counters.ts': "import 'langsmith';" },
    {
      'src/loading/module-ref.ts': "import 'hono';",
      'src/tracing/counters.ts': "import '../loading/index.ts';",
    },
  ],
  'root-entry': [{ 'src/evals/config/did-you-mean.ts': "import '../runner/index.ts';" }],
  example: [
    { 'examples/support-agent/policy.ts': "import { traceGraph } from 'sluicegate/tracing';" },
    { 'examples/support-agent/policy.ts': "import { traceable } from 'langsmith/traceable';" },
    { 'examples/support-agent/policy.ts': "import { toWire } from '../../src/core/index.ts';" },
  ],
  index: [{ 'src/serve/sse.ts': "import { Tracer } from '../tracing/tracer.ts';" }],
  unresolved: [{ 'src/serve/sse.ts': "import { nothing } from './nowhere.ts';" }],
  'opaque-import': [{ 'src/serve/sse.ts': 'export const load = (path: string) => import(path);' }],
  process: [
    { 'src/serve/sse.ts': "export const home = process.env['HOME'];" },
    { 'src/serve/sse.ts': "export const home = process['env'].HOME;" },
    { 'src/serve/sse.ts': 'export const end = () => process.exit(1);' },
    { 'src/serve/sse.ts': 'export const { argv } = process;' },
    { 'src/serve/sse.ts': 'export const where = globalThis.process.cwd();' },
    { 'src/serve/sse.ts': "import { env } from 'node:process';" },
  ],
  cycle: [
    {
      'src/store/busy-retry.ts': "import '../loading/index.ts';",
      'src/loading/module-ref.ts': "import '../store/index.ts';",
    },
    { 'src/evals/datasets/split.ts': "import type { Experiment } from '../runner/index.ts';" },
  ],
};

const REAL = readModules(ROOT);

/** The modules of this repository with lines planted in them. */
function planted(plant: Plant): Modules {
  const modules = new Map(REAL);
  for (const [file, line] of Object.entries(plant)) {
    const before = REAL.has(file) ? readFileSync(join(ROOT, file), 'utf8') : '';
    modules.set(file, moduleFacts(file, `${before}\n${line}\n`));
  }
  return modules;
}

function runProgram(root: string) {
  return spawnSync(process.execPath, [join(ROOT, 'scripts/check-imports.ts'), root], { encoding: 'utf8' });
}

describe('import directions', () => {
  it('are kept by this repository', () => {
    expect(findViolations(REAL)).toEqual([]);
  });

  it.each(
    Object.entries(PLANTS).flatMap(([rule, plants]) =>
      plants.map((plant) => [rule, JSON.stringify(plant), plant] as const),
    ),
  )('rule %s fails on %s', (rule, _, plant) => {
    expect(findViolations(planted(plant)).map((violation) => violation.rule)).toContain(rule);
  });

  it('have a planted violation for every rule of the table', () => {
    expect(IMPORT_RULES.map(({ id }) => id).filter((id) => !(id in PLANTS))).toEqual([]);
  });

  it('notice when a rule no longer matches any file', async () => {
    await using dir = await tempDir();
    const idle = findViolations(readModules(dir.path));
    expect(new Set(idle.map(({ rule }) => rule))).toEqual(new Set(['idle']));
    expect(idle.map(({ message }) => message).join()).toContain('the rule "gate" names src/evals/gate/');
  });

  it('make the program exit 1 and name file, line and rule', async () => {
    await using dir = await tempDir();
    await cp(join(ROOT, 'src'), join(dir.path, 'src'), { recursive: true });
    await mkdir(join(dir.path, 'src/new'));
    await writeFile(
      join(dir.path, 'src/new/thing.ts'),
      "\nimport type { Output } from '../cli/command.ts';\n",
    );
    const { status, stdout } = runProgram(dir.path);
    expect(status).toBe(1);
    expect(stdout).toContain(
      'src/new/thing.ts:2 imports src/cli/command.ts: nothing imports the command line',
    );
  });

  it('make the program exit 1 when it finds nothing to check', async () => {
    await using dir = await tempDir();
    const { status, stdout } = runProgram(dir.path);
    expect(status).toBe(1);
    expect(stdout).toContain('0 files checked');
  });

  it('exit 0 on this repository', () => {
    expect(runProgram(ROOT)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('facts of a module', () => {
  it('finds every form of import, with its line', () => {
    const source = [
      "import 'a';",
      "import type { B } from 'b';",
      "export * from 'c';",
      "export type { D } from 'd';",
      "export const e = await import('e');",
      "export type F = import('f').F;",
      "// import 'not';",
      'export const text = "import \'neither\'";',
    ].join('\n');
    const { imports } = moduleFacts('x.ts', source);
    expect(Object.fromEntries(imports.map(({ specifier, line }) => [specifier, line]))).toEqual({
      a: 1,
      b: 2,
      c: 3,
      d: 4,
      e: 5,
      f: 6,
    });
  });

  it('tells the global process from a parameter, a property and a word', () => {
    const source = `
      export function end(process: { exit(): void }) { process.exit(); }
      export const child = { process: 1, run(x: { process: number }) { return x.process; } };
      export const size = process.pid;
    `;
    expect(moduleFacts('x.ts', source).processUses).toEqual([{ member: 'pid', line: 4 }]);
  });

  it('refuses a file with a syntax error', () => {
    expect(() => moduleFacts('x.ts', 'import {')).toThrow('x.ts: ');
  });
});
