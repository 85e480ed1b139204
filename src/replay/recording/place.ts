/**
 * The nodes that a checkpoint namespace names, from the outermost graph inwards, as `outer/inner`; undefined for none.
 * LangGraph writes it as `outer:<task id>|inner:<task id>`, and adds a number where one node calls several graphs.
 */
export function nodePath(checkpointNs: string | undefined): string | undefined {
  if (checkpointNs === undefined || checkpointNs === '') return undefined;
  const names = checkpointNs
    .split('|')
    .filter((part) => !/^\d+$/.test(part))
    .map((part) => part.split(':', 1)[0]);
  return names.length === 0 ? undefined : names.join('/');
}
