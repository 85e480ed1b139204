import { rootSpan, type Span, type Trace } from '../core/index.ts';

/** What a recorded run was called with, or why that is not known. */
export type RecordedInput =
  | {
      readonly kind: 'ready';
      /** As it was recorded: JSON, with LangChain objects in their serialized form. */
      readonly input: unknown;
      /** What the reader should know about it. */
      readonly note?: string;
    }
  | { readonly kind: 'unavailable'; readonly code: string; readonly reason: string; readonly hint: string };

/**
 * The input with which a recorded run can be run again on a fresh thread.
 *
 * A run that continued a thread was called with the new message only, and saw the rest in its checkpoint: there the state
 * that its first node was given is used, which holds both.
 */
export function recordedInput(trace: Trace): RecordedInput {
  const root = rootSpan(trace);
  if (root.events.some((event) => event.name === 'resume')) {
    return {
      kind: 'unavailable',
      code: 'REPLAY_RESUMED_RUN',
      reason: `Run ${trace.id} went on from a checkpoint of another run, so its input alone does not lead there.`,
      hint: 'Replay the run that was interrupted: sluice traces list --status interrupted',
    };
  }
  const start = trace.spans.find((span) => span.name === '__start__' && span.parentId === root.id);
  const continued = start?.step !== undefined && start.step > 0;
  const source = continued ? firstNode(trace, root) : root;
  const gap = source?.gaps.find(({ field }) => field === 'inputs')?.reason;
  if (gap !== undefined) return missing(trace, gap);
  if (source === undefined || source.inputs === undefined || source.inputs === null) {
    return {
      kind: 'unavailable',
      code: 'REPLAY_INPUT_MISSING',
      reason: `Run ${trace.id} has no recorded input.`,
      hint: 'Only a run that was recorded with its input can be replayed.',
    };
  }
  return continued
    ? {
        kind: 'ready',
        input: source.inputs,
        note: `The run continued thread ${trace.threadId ?? '(unnamed)'}; the state that its first node saw is the input.`,
      }
    : { kind: 'ready', input: source.inputs };
}

function firstNode(trace: Trace, root: Span): Span | undefined {
  return trace.spans.find(
    (span) => span.parentId === root.id && span.type === 'node' && span.name !== '__start__',
  );
}

function missing(trace: Trace, gap: 'hidden' | 'truncated' | 'unserializable'): RecordedInput {
  if (gap === 'hidden') {
    return {
      kind: 'unavailable',
      code: 'REPLAY_INPUTS_HIDDEN',
      reason: `The inputs of run ${trace.id} were hidden when it was recorded.`,
      hint: 'Record with inputs (no hideInputs, no *_HIDE_INPUTS variable) to be able to replay.',
    };
  }
  return {
    kind: 'unavailable',
    code: 'REPLAY_INPUT_INCOMPLETE',
    reason: `The input of run ${trace.id} is not complete in the record (${gap}).`,
    hint: 'Record with a larger maxPayloadBytes or maxBufferBytes.',
  };
}
