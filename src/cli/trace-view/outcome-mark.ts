import pc from 'picocolors';
import type { Outcome } from '../../core/index.ts';

/** Functions that colour text, or leave it as it is. */
export type Colors = ReturnType<typeof pc.createColors>;

/** Colours that are on or off, whatever the process's own streams are. */
export function colorsFor(isColored: boolean): Colors {
  return pc.createColors(isColored);
}

const MARKS: Readonly<Record<Outcome, string>> = {
  success: '✓',
  error: '✗',
  handled_error: '!',
  interrupted: '‖',
  cancelled: '⊘',
  drained: '↓',
};

/** One character for an outcome. */
export function outcomeMark(outcome: Outcome, colors: Colors): string {
  return colorOf(outcome, colors)(MARKS[outcome]);
}

/** The word for an outcome with its mark. */
export function outcomeLabel(outcome: Outcome, colors: Colors): string {
  return colorOf(outcome, colors)(`${MARKS[outcome]} ${outcome}`);
}

function colorOf(outcome: Outcome, colors: Colors): (text: string) => string {
  if (outcome === 'success') return colors.green;
  return outcome === 'error' ? colors.red : colors.yellow;
}
