import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './npm.ts';

const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));
const SYSTEM_NODE = '/usr/bin/node';

function versionOf(node: string): string {
  return existsSync(node) ? run(node, ['-p', 'process.versions.node'], '/').stdout.trim() : '';
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}

const OLD_SYSTEM_NODES = [versionOf(SYSTEM_NODE)].filter(
  (version) => version !== '' && !isSupported(version),
);

/** Runs the command as if its Node had another version. */
function withVersion(version: string) {
  const fake = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
  return run(process.execPath, ['--import', `data:text/javascript,${fake}`, SLUICE, '--version'], '/');
}

function sentence(version: string): string {
  return `sluice needs Node.js 22.15 or newer; this is ${version}. Install a newer one from https://nodejs.org.\n`;
}

describe('sluice on an older Node', () => {
  it.each(['14.21.3', '18.20.8', '20.19.0', '22.14.0'])('says so in one line: %s', (version) => {
    expect(withVersion(version)).toMatchObject({ status: 2, stdout: '', stderr: sentence(version) });
  });

  it.each(['22.15.0', '24.0.0', '100.0.0'])('works on %s', (version) => {
    expect(withVersion(version)).toMatchObject({ status: 0, stderr: '' });
  });

  // None on most machines, and then no test: a skipped one would look like a gap.
  it.each(OLD_SYSTEM_NODES)('says so on the real one of this machine', (version) => {
    expect(run(SYSTEM_NODE, [SLUICE, 'traces', 'list'], '/')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: sentence(version),
    });
  });
});
