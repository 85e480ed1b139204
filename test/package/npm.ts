import { spawnSync } from 'node:child_process';

/** What a finished program said. */
export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `npm run` and vitest put into the environment, for this checkout and this run of the tests. */
const OF_THIS_RUN = /^(npm_|SLUICE_|LANGSMITH_|VITEST|NODE_ENV$)/;
/** How npm reaches its registry on this machine. */
const OF_THIS_MACHINE =
  /^npm_config_(registry|cache|userconfig|globalconfig|(https?_|no)?proxy|cafile|strict_ssl)$/i;

/** Runs a program to its end in a folder, without a terminal, as a user of this machine would. */
export function run(program: string, args: readonly string[], cwd: string): Finished {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !OF_THIS_RUN.test(name) || OF_THIS_MACHINE.test(name)),
  );
  return spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/** Like {@link run}, for a program that must succeed. Returns its standard output. */
export function runOk(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = run(program, args, cwd);
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** Whether npm finds a package, in its registry or its cache; within 10 s and without trying again. */
export function npmFinds(spec: string, cwd: string): boolean {
  const limits = ['--prefer-offline', '--fetch-retries=0', '--fetch-timeout=10000'];
  return run('npm', ['view', spec, 'version', ...limits], cwd).status === 0;
}
