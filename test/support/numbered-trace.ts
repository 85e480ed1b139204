import type { Trace } from '../../src/core/index.ts';
import { makeSpan, makeTrace, runId } from './traces.ts';

/** A trace whose whole content follows from its number, so that a reader can tell whether it is intact. */
export function numberedTrace(number: number): Trace {
  const id = runId(number);
  return makeTrace({
    id,
    startTimeMs: number,
    spans: [
      makeSpan({
        id,
        startTimeMs: number,
        inputs: { text: String(number).repeat(1 + ((number * 37) % 900)) },
      }),
      makeSpan({ id: `${id}-node`, parentId: id, name: 'node', type: 'node', outputs: 'ünï\u0000\ud800' }),
    ],
  });
}
