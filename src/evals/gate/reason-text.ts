/** How a run becomes the baseline. */
export const acceptHint = (suite: string) =>
  `Look at the run, then make it the baseline: sluice baseline accept --suite ${suite}`;

/** How what was not measured is measured. */
export const RUN_AGAIN = 'Mend what kept the calls from being measured and run `sluice eval` again.';

/** A number with its noun. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
