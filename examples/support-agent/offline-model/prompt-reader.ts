/** The value of `key=value` in a prompt; values end at a semicolon or at the end of the line. */
export function readSetting(prompt: string, key: string): string | undefined {
  return new RegExp(`\\b${key}=([^;\\n]*)`).exec(prompt)?.[1]?.trim();
}

/** The lines `- key: text` below a heading, up to the next empty line. */
export function readList(prompt: string, heading: string): ReadonlyMap<string, string> {
  const section = prompt.slice(prompt.indexOf(heading) + heading.length).split(/\n\s*\n/, 1)[0] ?? '';
  if (!prompt.includes(heading)) return new Map();
  return new Map(
    [...section.matchAll(/^- ([^:\n]+): (.*)$/gm)].map((match) => [match[1] ?? '', match[2]?.trim() ?? '']),
  );
}

/** The comma-separated entries of a text. */
export function readEntries(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
