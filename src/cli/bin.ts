import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';

const version: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;

const argv = process.argv.slice(2);
// Asked for by scripts and editors all day: it must not pay for the argument parser.
if (argv.length === 1 && argv[0] === '--version') {
  process.stdout.write(`${version}\n`);
} else {
  enableCompileCache();
  const { runProcess } = await import('./process.ts');
  await runProcess(argv, version);
}
