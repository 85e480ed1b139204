/** Texts that are kept once: more different ones than this are of a judge that explains every score. */
const MAX_SHARED = 10_000;

/** Gives equal texts back as the same one, so that those which many calls have in common are in memory once. */
export function shareTexts(): (text: string) => string {
  const texts = new Map<string, string>();
  return (text) => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size < MAX_SHARED) texts.set(text, text);
    return text;
  };
}
