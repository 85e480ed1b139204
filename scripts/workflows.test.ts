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
import { actionMistakes, workflowMistakes } from './github-files.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
  readonly env?: Record<string, string>;
}
interface Job {
  readonly steps: readonly Step[];
  readonly 'timeout-minutes'?: number | string;
  readonly permissions?: Record<string, string>;
}
interface Workflow {
  readonly on: Record<string, unknown> | string;
  readonly permissions?: Record<string, string>;
  readonly concurrency?: unknown;
  readonly jobs: Record<string, Job>;
}

const WORKFLOWS = globSync('.github/workflows/*.{yml,yaml}', { cwd: ROOT }).map((file) => {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return { file, source, workflow: parse(source, { strict: true }) as Workflow };
});

const ACTION_FILE = 'action.yml';
const ACTION_SOURCE = readFileSync(join(ROOT, ACTION_FILE), 'utf8');
const ACTION = parse(ACTION_SOURCE, { strict: true }) as {
  readonly inputs: Record<string, unknown>;
  readonly runs: { readonly steps: readonly Step[] };
};

/** Called by workflows of other repositories, whose permissions and concurrency are theirs. */
function isCalled({ on }: Workflow): boolean {
  return typeof on === 'object' && 'workflow_call' in on;
}

/** An action of this repository, which has no commit to be pinned by. */
const OWN_ACTION = './';

function pinsOf(source: string): string[] {
  return [...source.matchAll(/uses: (\S+@[0-9a-f]{40}) # v\d+\.\d+\.\d+$/gm)].map(([, uses = '']) => uses);
}

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
    '.github/workflows/eval-sharded.yml',
  ]);
});

describe.each(WORKFLOWS)('$file', ({ file, source, workflow }) => {
  it('pins every action by its full commit, with the version in a comment', () => {
    const used = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.flatMap(({ uses }) => (uses === undefined || uses === OWN_ACTION ? [] : [uses])),
    );
    expect(used.length).toBeGreaterThan(0);
    expect(pinsOf(source)).toEqual(used);
  });

  it('pins an action to one commit and one version throughout', () => {
    const pins = new Map<string, Set<string>>();
    for (const text of [ACTION_SOURCE, ...WORKFLOWS.map((each) => each.source)])
      for (const [, name = '', pin = ''] of text.matchAll(/uses: (\S+)@(.+)$/gm))
        pins.set(name, (pins.get(name) ?? new Set()).add(pin));
    for (const [name, found] of pins) expect([name, [...found]]).toEqual([name, [expect.any(String)]]);
  });

  it('may only read, and no job runs for ever or beside a newer one', () => {
    if (!isCalled(workflow)) {
      expect(workflow.permissions).toEqual({ contents: 'read' });
      expect(workflow.concurrency).toBeDefined();
    }
    expect(source).not.toContain('pull_request_target');
    for (const [name, job] of Object.entries(workflow.jobs)) {
      if (typeof job['timeout-minutes'] === 'string')
        expect(job['timeout-minutes']).toBe('$' + '{{ inputs.timeout-minutes }}');
      else expect(job['timeout-minutes'], name).toBeLessThanOrEqual(15);
      expect([undefined, {}, { contents: 'read' }], name).toContainEqual(job.permissions);
    }
  });

  it('is a workflow as GitHub reads it', () => {
    expect(workflowMistakes(file, source)).toEqual([]);
    const broken = source.replace('runs-on:', 'runs-at:');
    expect(workflowMistakes(file, broken)).not.toEqual([]);
  });

  it('puts no expression into the text of a shell', () => {
    for (const line of commandLines(workflow)) expect(line).not.toContain('$' + '{{');
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
      expect(line.replace(/ \|\| code=\$\?$/, '')).not.toMatch(/\|\||\||;/);
    expect(source).not.toContain('continue-on-error');
  });
});

it('deploys and gates in eval-gate.yml, with a graph that exists and inputs that the action has', () => {
  const gate = WORKFLOWS.find(({ file }) => file.endsWith('eval-gate.yml'));
  if (gate === undefined) throw new Error('There is no eval-gate.yml.');
  const calls = sluiceCalls(commandLines(gate.workflow));
  expect(calls.map(([command]) => command)).toEqual(['serve']);
  expect(existsSync(join(ROOT, calls[0]![1]!.split('#')[0]!))).toBe(true);
  const step = gate.workflow.jobs['gate']?.steps.find(({ uses }) => uses === OWN_ACTION);
  expect(Object.keys(step?.with ?? {}).filter((name) => !(name in ACTION.inputs))).toEqual([]);
  expect(step?.with).toMatchObject({ suite: 'support-agent' });
});

describe(ACTION_FILE, () => {
  it('is an action as GitHub reads it', () => {
    expect(actionMistakes(ACTION_FILE, ACTION_SOURCE)).toEqual([]);
    const broken = ACTION_SOURCE.replace('shell: bash', 'shel: bash');
    expect(actionMistakes(ACTION_FILE, broken)).not.toEqual([]);
  });

  it('pins every action by its full commit, with the version in a comment', () => {
    const used = ACTION.runs.steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    expect(used.length).toBeGreaterThan(0);
    expect(pinsOf(ACTION_SOURCE)).toEqual(used);
  });

  it('puts no expression into the text of a shell, and calls scripts that exist', () => {
    const scripts = ACTION.runs.steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) {
      const [, path] = /^bash "\$GITHUB_ACTION_PATH\/([\w/-]+\.sh)"$/.exec(script) ?? [];
      expect(path, script).toBeDefined();
      expect(existsSync(join(ROOT, path ?? ''))).toBe(true);
    }
  });

  it('has every input of its scripts in the environment of their step', () => {
    for (const { run, env } of ACTION.runs.steps) {
      const path = /action\/[\w-]+\.sh/.exec(run ?? '')?.[0];
      if (path === undefined) continue;
      const read = readFileSync(join(ROOT, path), 'utf8').matchAll(/\$\{?(INPUT_[A-Z_]+)/g);
      for (const [, name = ''] of read) expect(Object.keys(env ?? {}), `${path}: ${name}`).toContain(name);
    }
  });
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
