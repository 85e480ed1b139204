import type { ReplayResult, ReplayVerdict } from '../../replay/index.ts';
import { plainLine } from '../trace-view/index.ts';

const VERDICTS: Readonly<Record<ReplayVerdict, string>> = {
  fixed: 'FIXED  the recorded failure is gone.',
  same: 'SAME  the outcome is no worse than the recorded one.',
  failing: 'FAILING  it still fails.',
  worse: 'WORSE  the outcome is worse than the recorded one.',
  stopped: 'STOPPED  it could not be replayed to its end.',
  unproven:
    'UNPROVEN  the failure is gone, but the baseline does not fail either: the patch is not what mended it.',
};

/** A verdict in a sentence, its word first. */
export function verdictText(verdict: ReplayVerdict): string {
  return VERDICTS[verdict];
}

/** True for the verdicts of exit code 0. */
export function isGood(verdict: ReplayVerdict): boolean {
  return verdict === 'fixed' || verdict === 'same';
}

/** How it was run again, in words. */
export function modeText({
  mode,
  calls,
  forkedAt,
}: Pick<ReplayResult, 'mode' | 'calls' | 'forkedAt'>): string {
  const live = new Set(calls.filter(({ match }) => match === 'live').map(({ kind }) => kind));
  const played =
    live.size === 0
      ? 'with the recorded results of models and tools; nothing ran live'
      : `with recorded results, and live calls of ${[...live].map((kind) => `${kind}s`).join(' and ')}`;
  switch (mode) {
    case 'recorded':
      return `Mode recorded: ${played}.`;
    case 'fork':
      return `Mode fork: from node ${plainLine(forkedAt?.node ?? '?')} (checkpoint ${plainLine(forkedAt?.checkpointId ?? '?')}) on, ${played}.`;
    case 'input':
      return 'Mode input: the recorded input, and everything runs as it does by itself.';
  }
}
