// Runs the steps of a job or of a composite action as a runner of GitHub Actions does: expressions by GitHub's own
// evaluator, `run` by bash with the files and variables of the runner. Steps that use an action are recorded and not run.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { falsy } from '@actions/expressions/result';
import { parse } from 'yaml';

/** A step as it is written. */
export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly 'working-directory'?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Where steps are run, and what their expressions see. */
export interface StepsCall {
  /** The checkout of the repository. */
  readonly workspace: string;
  /** An empty folder for the files of the runner. */
  readonly temp: string;
  /** Variables of the job. */
  readonly env?: Readonly<Record<string, string>>;
  /** By name, such as `inputs`; `steps` and `runner` are added. */
  readonly contexts: Readonly<Record<string, unknown>>;
}

/** What steps came to. */
export interface StepsResult {
  readonly conclusion: 'success' | 'failure';
  /** Outputs of each step with an id. */
  readonly steps: Readonly<Record<string, { readonly outputs: Readonly<Record<string, string>> }>>;
  /** Exit code of each `run` step that was run, by its name or id. */
  readonly exitCodes: ReadonlyMap<string, number | null>;
  /** What the steps that use actions were given, by the name of the step, or that of the action. */
  readonly used: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Standard output and error of all steps. */
  readonly log: string;
  /** The page of the run. */
  readonly summary: string;
}

/** Runs the steps; resolves whatever they end with. */
export async function runSteps(steps: readonly Step[], call: StepsCall): Promise<StepsResult> {
  await mkdir(call.temp, { recursive: true });
  const state = { failed: false };
  const done: Record<string, { outputs: Record<string, string> }> = {};
  const contexts = { ...call.contexts, runner: { temp: call.temp }, steps: done };
  const fill = (text: string) => interpolate(text, contexts, state);

  const exitCodes = new Map<string, number | null>();
  const used = new Map<string, Record<string, string>>();
  let log = '';
  for (const [index, step] of steps.entries()) {
    if (!runs(step.if, contexts, state)) continue;
    const name = step.name ?? step.id ?? step.uses?.replace(/@.*/, '') ?? step.run ?? '';
    const outputs: Record<string, string> = {};
    if (step.id !== undefined) done[step.id] = { outputs };
    if (step.uses !== undefined) {
      used.set(
        name,
        mapValues(step.with ?? {}, (value) => fill(String(value))),
      );
      continue;
    }
    const output = join(call.temp, `output-${index}`);
    await writeFile(output, '');
    const env = mapValues(step.env ?? {}, (value) => fill(String(value)));
    const finished = await bash(fill(step.run ?? ''), {
      cwd: resolve(call.workspace, fill(step['working-directory'] ?? '.')),
      env: {
        ...call.env,
        ...env,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: call.workspace,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: join(call.temp, 'summary.md'),
        RUNNER_TEMP: call.temp,
      },
    });
    log += finished.log;
    exitCodes.set(name, finished.exitCode);
    for (const line of (await readFile(output, 'utf8')).split('\n').filter((each) => each !== '')) {
      const [, key, value] = /^([\w-]+)=(.*)$/.exec(line) ?? [];
      if (key === undefined || value === undefined) throw new Error(`GITHUB_OUTPUT has the line ${line}`);
      outputs[key] = value;
    }
    if (finished.exitCode !== 0) state.failed = true;
  }
  const summary = await readFile(join(call.temp, 'summary.md'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    },
  );
  const conclusion = state.failed ? 'failure' : 'success';
  return { conclusion, steps: done, exitCodes, used, log, summary };
}

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

/** How an action is called. */
export interface ActionCall extends Omit<StepsCall, 'contexts'> {
  /** Folder with the `action.yml`. */
  readonly action: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly github?: Readonly<Record<string, unknown>>;
}

/** What a call of an action came to. */
export interface ActionResult extends StepsResult {
  readonly outputs: Readonly<Record<string, string>>;
}

/** Runs a composite action; resolves whatever its steps end with. */
export async function runAction({
  action,
  with: given = {},
  github: more,
  ...call
}: ActionCall): Promise<ActionResult> {
  const file: ActionFile = parse(await readFile(join(action, 'action.yml'), 'utf8'), { strict: true });
  const unknown = Object.keys(given).filter((name) => !(name in file.inputs));
  if (unknown.length > 0) throw new Error(`The action has no input ${unknown.join(', ')}.`);
  const github = { token: '', event: {}, ...more };
  const inputs = Object.fromEntries(
    Object.entries(file.inputs).map(([name, input]) => [
      name,
      given[name] ?? interpolate(String(input.default ?? ''), { github }, { failed: false }),
    ]),
  );
  const result = await runSteps(file.runs.steps, {
    ...call,
    env: { ...call.env, GITHUB_ACTION_PATH: action },
    contexts: { inputs, github },
  });
  const contexts = { inputs, github, steps: result.steps };
  const state = { failed: result.conclusion === 'failure' };
  return { ...result, outputs: mapValues(file.outputs, ({ value }) => interpolate(value, contexts, state)) };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

interface JobState {
  readonly failed: boolean;
}

/** Without a status function, a step is run only where none before it failed. */
function runs(
  condition: string | undefined,
  contexts: Readonly<Record<string, unknown>>,
  state: JobState,
): boolean {
  if (condition === undefined) return !state.failed;
  const bare = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(condition)?.[1] ?? condition;
  const hasStatus = /\b(success|failure|always|cancelled)\(/.test(bare);
  return (hasStatus || !state.failed) && !falsy(evaluate(bare, contexts, state));
}

function interpolate(text: string, contexts: Readonly<Record<string, unknown>>, state: JobState): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression, contexts, state).coerceString(),
  );
}

function evaluate(
  expression: string,
  contexts: Readonly<Record<string, unknown>>,
  { failed }: JobState,
): data.ExpressionData {
  const status = { success: !failed, failure: failed, always: true, cancelled: false };
  const functions = Object.entries(status).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  }));
  const { tokens } = new Lexer(expression.trim()).lex();
  const parsed = new Parser(tokens, Object.keys(contexts), functions).parse();
  const values: data.ExpressionData = JSON.parse(JSON.stringify(contexts), data.reviver);
  if (!(values instanceof data.Dictionary)) throw new Error('The contexts are no dictionary.');
  return new Evaluator(parsed, values, new Map(functions.map((each) => [each.name, each]))).evaluate();
}

/** As `shell: bash` runs it. */
async function bash(
  script: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<{ readonly exitCode: number | null; readonly log: string }> {
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log += text;
    });
  }
  const exitCode = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  return { exitCode, log };
}
