import { isAbsolute, join } from 'node:path';

/**
 * The folder that holds traces and runs: `SLUICE_HOME` where it is set (relative to the working directory), else
 * `.sluice` under the working directory.
 */
export function sluiceHome(env: Readonly<Record<string, string | undefined>>, cwd: string): string {
  const configured = env['SLUICE_HOME'] || '.sluice';
  return isAbsolute(configured) ? configured : join(cwd, configured);
}

/** The embedded trace store inside a home. */
export function traceStorePath(home: string): string {
  return join(home, 'traces.db');
}

/** The folder of the traces in a home that wait for an exporter. */
export function spoolFolder(home: string): string {
  return join(home, 'spool');
}

/** The folder of one evaluation run inside a home. */
export function runFolder(home: string, runId: string): string {
  return join(home, 'runs', runId);
}
