import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Command } from '../src/cli/command.ts';
import { commands } from '../src/cli/commands/index.ts';
import { kebabCase } from '../src/cli/flag.ts';
import { main } from '../src/cli/main.ts';
import { fakeContext } from '../test/support/fake-context.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly on: unknown;
  readonly permissions?: Record<string, string>;
  readonly concurrency?: unknown;
  readonly jobs: Record<string, { readonly steps: readonly Step[]; readonly 'timeout-minutes'?: number }>;
}

const WORKFLOWS = globSync('.github/workflows/*.{yml,yaml}', { cwd: ROOT }).map((file) => {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return { file, source, workflow: parse(source, { strict: true }) as Workflow };
});

/** The command lines of a workflow's steps; a line that ends in a backslash goes on. */
function commandLines(workflow: Workflow): string[] {
  return Object.values(workflow.jobs)
    .flatMap(({ steps }) => steps.flatMap(({ run }) => (run === undefined ? [] : [run])))
    .flatMap((run) => run.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.trim());
}

/** What stands behind `npx sluice` in a line, without redirections and the `&` of the shell. */
function sluiceCalls(lines: readonly string[]): string[][] {
  return lines.flatMap((line) => {
    const [, args] = /(?:^|\s)npx sluice\s(.*)$/.exec(line) ?? [];
    if (args === undefined) return [];
    const words = args.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
    const end = words.findIndex((word) => /^([12]?>|&|\||;)/.test(word));
    return [words.slice(0, end < 0 ? words.length : end).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'))];
  });
}

it('finds the workflows', () => {
  expect(WORKFLOWS.map(({ file }) => file).sort()).toEqual([
    '.github/workflows/ci.yml',
    '.github/workflows/eval-gate.yml',
  ]);
});

describe.each(WORKFLOWS)('$file', ({ source, workflow }) => {
  it('pins every action by its full commit, with the version in a comment', () => {
    const used = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses])),
    );
    const pinned = [...source.matchAll(/uses: (\S+@[0-9a-f]{40}) # v\d+\.\d+\.\d+$/gm)].map(
      ([, uses]) => uses,
    );
    expect(used.length).toBeGreaterThan(0);
    expect(pinned).toEqual(used);
  });

  it('pins an action to one commit and one version throughout', () => {
    const pins = new Map<string, Set<string>>();
    for (const { source: text } of WORKFLOWS)
      for (const [, name = '', pin = ''] of text.matchAll(/uses: (\S+)@(.+)$/gm))
        pins.set(name, (pins.get(name) ?? new Set()).add(pin));
    for (const [name, found] of pins) expect([name, [...found]]).toEqual([name, [expect.any(String)]]);
  });

  it('may only read, and no job runs for ever or beside a newer one', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(workflow.concurrency).toBeDefined();
    expect(source).not.toContain('pull_request_target');
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(15);
  });

  it('calls npm scripts and files that exist', () => {
    const lines = commandLines(workflow);
    const called = lines.flatMap((line) =>
      [...line.matchAll(/\bnpm (?:run (\S+)|(test))/g)].map(([, script, test]) => script ?? test ?? ''),
    );
    expect(called.filter((script) => !(script in scripts))).toEqual([]);
    const files = lines.flatMap((line) =>
      [...line.matchAll(/\bnode ([\w./-]+)/g)].map(([, file = '']) => file),
    );
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('calls sluice as its parser accepts it', async () => {
    const calls = sluiceCalls(commandLines(workflow));
    for (const argv of calls) {
      const context = fakeContext({ cwd: ROOT });
      const code = await main(argv, commands.map(parsing), context, '0.0.0');
      expect([argv, code, context.stderr.text]).toEqual([argv, 0, '']);
    }
  });

  it('fails with the exit code of the command', () => {
    for (const line of commandLines(workflow).filter((each) => each.includes('sluice eval')))
      expect(line).not.toMatch(/\|\||\||;/);
    expect(source).not.toContain('continue-on-error');
  });
});

it('deploys and gates in eval-gate.yml, with a graph that exists', () => {
  const gate = WORKFLOWS.find(({ file }) => file.endsWith('eval-gate.yml'));
  const calls = gate === undefined ? [] : sluiceCalls(commandLines(gate.workflow));
  expect(calls.map(([command]) => command)).toEqual(['serve', 'eval']);
  expect(existsSync(join(ROOT, calls[0]![1]!.split('#')[0]!))).toBe(true);
});

it('tests on the oldest supported Node', () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  const oldest = `${engines.node.replace('>=', '')}.0`;
  expect(WORKFLOWS.find(({ file }) => file.endsWith('ci.yml'))?.source).toContain(`node: '${oldest}'`);
});

/** The command with its schemas and without its work. */
function parsing(command: Command): Command {
  return {
    ...command,
    async run(typed) {
      for (const [name, flag] of Object.entries({ ...command.positionals, ...command.flags }))
        flag.schema.parse(typed[kebabCase(name)]);
      return 0;
    },
  };
}
