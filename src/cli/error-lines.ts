import { errorMessage, type SluiceError } from '../core/index.ts';

/** What is said of an error: one line, and a second one with the way out where it is known. */
export function errorLines(error: SluiceError): string {
  const hint = error.hint === undefined ? '' : `  ${error.hint}\n`;
  return `sluice: ${errorMessage(error)}\n${hint}`;
}
