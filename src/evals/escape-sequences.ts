const ESC = String.raw`\u001B`;
const BEL = String.raw`\u0007`;
const CSI = String.raw`\u009B`;

/** OSC with its terminator, CSI, and single ones, each whole. Linear, unlike that of `node:util`, where one never ends. */
const ESCAPES = new RegExp(
  `${ESC}\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)?|[${ESC}${CSI}][\\[()#;?]*[0-9;:<=>?]*[ -/]*[@-~]?`,
  'gu',
);

/** Text without the escape sequences of terminals (colours, links, cursor movements), so that no part of them stays. */
export function withoutEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}
