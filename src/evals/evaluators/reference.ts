/**
 * A list of texts in the reference outputs; a single text counts as a list of one, absent is undefined.
 *
 * @throws TypeError for anything else: a reference that cannot be read is a mistake in the dataset, never a score.
 */
export function referenceList(
  reference: Record<string, unknown> | undefined,
  field: string,
): readonly string[] | undefined {
  const value = reference?.[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((item): item is string => typeof item === 'string')) return value;
  throw new TypeError(`outputs.${field} of the example must be a list of texts.`);
}
