/** What a run id may consist of for a command with it to be shown: a target's answer must not put words into a shell. */
const SHELL_SAFE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** The command that opens the trace of a run; undefined for an id that a shell could read otherwise. */
export function traceCommand(runId: string | undefined): string | undefined {
  return runId === undefined || !SHELL_SAFE.test(runId) ? undefined : `sluice traces show ${runId}`;
}

/**
 * The command that runs a recorded input again where the run was made: on the graph of a file, or on the deployed agent.
 * Undefined as for {@link traceCommand}.
 */
export function replayCommand(runId: string | undefined, target: string): string | undefined {
  if (runId === undefined || !SHELL_SAFE.test(runId)) return undefined;
  const graph = /^graph:(.+)$/s.exec(target)?.[1];
  const where = graph === undefined ? `--target ${shellWord(target)}` : `--graph ${shellWord(graph)}`;
  return `sluice replay ${runId} ${where}`;
}

/** A word that a POSIX shell reads as it stands: in single quotes unless it needs none. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./#-]+$/.test(word) && !word.startsWith('#')
    ? word
    : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
