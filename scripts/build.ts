// Emits dist/ from src/. With --if-stale it does so only where dist/ is not what src/ would give.
import { execFileSync } from 'node:child_process';
import { globSync, rmSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the output depends on beside the sources. */
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/**
 * Why `dist/` is not what the sources below `root` give, in a few words; `undefined` where it is. Told by the times of the
 * files: each source, and the settings, must be older than what was made of it.
 */
export function staleness(root: string): string | undefined {
  const timeOf = (path: string) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs;
  const files = (pattern: string) =>
    globSync(pattern, { cwd: root }).map((path) => path.replaceAll(sep, '/'));
  const settings = Math.max(...SETTINGS.map((path) => timeOf(path) ?? 0));
  const outputs = new Set<string>();
  for (const source of files('src/**/*.ts').filter((path) => !/\.test\.ts$|\/testing\//.test(path))) {
    const output = outputOf(source);
    outputs.add(output);
    const built = timeOf(output);
    if (built === undefined) return `${source} is not built`;
    if (built < Math.max(timeOf(source) ?? 0, settings)) return `${source} was built before it changed`;
  }
  const left = files('dist/**/*.js').find((path) => !outputs.has(path));
  return left && `${left} has no source`;
}

function outputOf(source: string): string {
  return source.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js');
}

/** Removing dist first keeps files of deleted sources out of the package. */
function build(root: string): void {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
}

const isProgram =
  process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url);
if (isProgram) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  if (!process.argv.includes('--if-stale') || staleness(root) !== undefined) build(root);
}
