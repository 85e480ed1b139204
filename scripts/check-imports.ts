// Checks the directions of src/ and of the example agent; `import-rules.ts` has the rules.
import { globSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findViolations, type Modules, type Violation } from './import-violations.ts';
import { moduleFacts } from './module-facts.ts';

/** Parses the sources below `root` that the rules hold for. Tests may import whatever they test. */
export function readModules(root: string): Modules {
  const files = globSync(['src/**/*.ts', 'examples/support-agent/**/*.ts'], {
    cwd: root,
    exclude: (path) => path.endsWith('.test.ts') || path.split(sep).includes('testing'),
  })
    .map((file) => file.replaceAll(sep, '/'))
    .sort();
  return new Map(files.map((file) => [file, moduleFacts(file, readFileSync(join(root, file), 'utf8'))]));
}

/** `src/a.ts:3 imports ...`, a line each. */
export function formatViolations(violations: readonly Violation[]): string {
  return violations.map(({ file, line, message }) => `${file}:${line} ${message}\n`).join('');
}

const isProgram =
  process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url);
if (isProgram) {
  const root = resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
  const modules = readModules(root);
  const violations = findViolations(modules);
  process.stdout.write(formatViolations(violations));
  console.log(`${modules.size} files checked, ${violations.length} violations.`);
  if (violations.length > 0 || modules.size === 0) process.exitCode = 1;
}
