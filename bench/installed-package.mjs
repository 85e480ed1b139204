// Puts the build beside the benchmarks' own dependencies, as an installation would. Loaded from dist/ it would bring a second
// copy of LangGraph into the process, which no user has.
import { cpSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Installs what `npm run build` has made last. */
export function installPackage() {
  if (!existsSync(path('../dist/index.js')) || !existsSync(path('node_modules')))
    throw new Error('Run `npm run build && npm ci --prefix bench` first.');
  const target = path('node_modules/sluicegate');
  rmSync(target, { recursive: true, force: true });
  cpSync(path('../dist'), `${target}/dist`, { recursive: true });
  cpSync(path('../package.json'), `${target}/package.json`);
}
