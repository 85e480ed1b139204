import type { Verdict } from '../gate/index.ts';

/** Keys that a headline names. */
const MAX_KEYS = 3;

/** Why the verdict is what it is, in one line: `2 critical examples failed; contains beyond its limit`. */
export function headline({ status, critical, evaluators, reasons }: Verdict): string {
  if (status === 'pass') return 'every gated score is within its limit of the baseline';
  if (status === 'no_verdict') {
    const deciding = reasons.filter(({ effect }) => effect === 'no_verdict');
    const more = deciding.length > 1 ? ` (and ${deciding.length - 1} more)` : '';
    return `${sentenceInside(deciding[0]?.message ?? 'nothing could be compared')}${more}`;
  }
  const failed = critical.filter((entry) => entry.status === 'fail').length;
  const beyond = evaluators.filter((entry) => entry.gated && entry.status === 'fail').map(({ key }) => key);
  const named = beyond.slice(0, MAX_KEYS).join(', ');
  const rest = beyond.length > MAX_KEYS ? ` and ${beyond.length - MAX_KEYS} more` : '';
  return [
    ...(failed > 0 ? [`${failed} critical example${failed === 1 ? '' : 's'} failed`] : []),
    ...(beyond.length > 0
      ? [`${named}${rest} beyond ${beyond.length === 1 ? 'its limit' : 'their limits'}`]
      : []),
  ].join('; ');
}

function sentenceInside(message: string): string {
  return message.replace(/^The /, 'the ').replace(/\.$/, '');
}
