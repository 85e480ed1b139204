import { isRecord, NoVerdictError, type Trace, toWire } from '../core/index.ts';
import { recordedInput } from './recorded-input.ts';
import { revive } from './revive.ts';

/**
 * The input of a recorded run as plain JSON: what a deployed agent is called with, and what an example of a dataset holds.
 *
 * @throws NoVerdictError `REPLAY_INPUT_NOT_AN_OBJECT`, and those of a run whose input is not known.
 */
export function wireInput(trace: Trace): Record<string, unknown> {
  const recorded = recordedInput(trace);
  if (recorded.kind === 'unavailable') {
    throw new NoVerdictError(recorded.code, recorded.reason, { hint: recorded.hint });
  }
  const input = toWire(revive(recorded.input));
  if (isRecord(input)) return input;
  throw new NoVerdictError('REPLAY_INPUT_NOT_AN_OBJECT', `The input of run ${trace.id} is not an object.`, {
    hint: 'Replay it on the graph itself: --graph ./file.ts#export',
  });
}
