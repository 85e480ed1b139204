import { AsyncLocalStorage } from 'node:async_hooks';
import { interrupt } from '@langchain/langgraph';
import type { Clock, Span } from '../../core/index.ts';
import type { CallKind, PlayedCall } from '../contract.ts';
import {
  currentNamespace,
  Fence,
  type FencedAnswer,
  type FencedRequest,
  outsideFence,
  runInFence,
} from '../fence/index.ts';
import {
  type CallInput,
  type CallMatching,
  describeCall,
  Matcher,
  nodePath,
  placeOf,
  type RecordedCall,
  type Recording,
  taskOf,
} from '../recording/index.ts';
import { recordedError } from './recorded-output.ts';
import { answerOf, requestOf } from './recorded-request.ts';

/** What happens when nothing recorded fits a call. See {@link PlayerOptions.onMiss}. */
export type OnMiss = 'fail' | 'live' | 'stub';

/** How recorded results take the place of calls. */
export interface PlayerOptions {
  /** Whether models answer as recorded or are called. Default `recorded`. */
  readonly models?: 'recorded' | 'live';
  /** The same for tools and retrievers. Default `recorded`. */
  readonly tools?: 'recorded' | 'live';
  /**
   * What a call gets that nothing recorded fits. `fail`: an error, and every later call too, so that the run ends where it
   * parted from the recording. `live`: a model is called; a tool or retriever only when `allowTools` names it.
   * `stub`: an answer that says that it is none. Default `fail`.
   */
  readonly onMiss?: OnMiss;
  /** Hosts that may be connected to: `api.example.com`, `db:5432`, `*.example.com`. Default none. */
  readonly allowHosts?: readonly string[];
  /** Tools and retrievers that are called when nothing recorded fits, within the fence. Default none. */
  readonly allowTools?: readonly string[];
  readonly clock: Clock;
}

/** What is put in the place of an answer that is not known. */
export const STUB_TEXT = '[stub: nothing recorded for this call]';

/** A call that is about to be made. */
export interface CallRequest {
  readonly kind: CallKind;
  /** Names it goes by, the first one for the reader. */
  readonly names: readonly string[];
  readonly input: CallInput;
  /** Where its callbacks say that it is; else where the asynchronous context says. */
  readonly checkpointNs: string | undefined;
  /** Id of its run, once it is known to the callbacks. */
  readonly runId: string | undefined;
}

/** What a call is answered with. */
export type CallAnswer =
  | {
      readonly kind: 'recorded';
      readonly call: RecordedCall;
      readonly value: unknown;
      /** True when the same result has been given before. */
      readonly again: boolean;
    }
  | { readonly kind: 'live' }
  | { readonly kind: 'stub' };

/** Thrown in the place of a call that nothing recorded fits. */
export class ReplayMissError extends Error {
  override name = 'ReplayMissError';
  readonly code = 'REPLAY_MISS';
}

interface Frame {
  readonly player: Player;
  /** Live tools around the running code. */
  readonly tools: readonly string[];
}

const frames = new AsyncLocalStorage<Frame>();

/** The player of the replay that the running code is part of; undefined outside of any. */
export function currentPlayer(): Player | undefined {
  return frames.getStore()?.player;
}

/** A call that was cancelled when it was recorded waits this long to be cancelled again. */
const CANCEL_GRACE_MS = 1_000;

/**
 * Gives the calls of a graph their recorded results, and keeps the list of what it did. One player is one replay: what has
 * been used is not given twice.
 */
export class Player {
  private readonly recording: Recording;
  private readonly options: PlayerOptions;
  private readonly matcher: Matcher;
  private readonly fence: Fence;
  private readonly list: PlayedCall[] = [];
  private readonly ordinals = new Map<string, number>();
  private readonly knownRuns = new Set<string>();
  /** Calls that came by without the id of their run, and requests. */
  private anonymousCalls = 0;
  private failure: ReplayMissError | undefined;

  constructor(recording: Recording, options: PlayerOptions) {
    this.recording = recording;
    this.options = options;
    this.matcher = new Matcher(recording.calls);
    this.fence = new Fence({
      allowHosts: options.allowHosts ?? [],
      ...(options.models === 'live' ? {} : { answer: (request) => this.answerRequest(request) }),
    });
  }

  /** The calls so far, in the order in which they began. */
  get calls(): readonly PlayedCall[] {
    return this.list;
  }

  /** What was kept from happening so far. */
  get blocked() {
    return this.fence.blocked;
  }

  /** Recorded calls that were not made again, without those inside of tools whose result was played. */
  get unused(): readonly RecordedCall[] {
    const played = new Set(
      this.list.filter(({ match }) => match !== 'live').map(({ recordedSpanId }) => recordedSpanId),
    );
    const parents = new Map(this.recording.trace.spans.map(({ id, parentId }) => [id, parentId]));
    const isInside = (spanId: string) => {
      for (let at = parents.get(spanId); at !== null && at !== undefined; at = parents.get(at)) {
        if (played.has(at)) return true;
      }
      return false;
    };
    return this.matcher.unused.filter(({ spanId }) => !isInside(spanId));
  }

  /** Recorded calls inside of tools, models and retrievers that answered as recorded. */
  get skippedInnerCalls(): number {
    const played = new Set(this.list.map(({ recordedSpanId }) => recordedSpanId));
    return this.recording.calls
      .filter(({ spanId }) => played.has(spanId))
      .reduce((sum, { innerCalls }) => sum + innerCalls, 0);
  }

  /** How many model, tool and retriever runs of a trace did not come by here. */
  strangersAmong(spans: readonly Span[]): number {
    const calls = spans.filter(({ type }) => type === 'llm' || type === 'tool' || type === 'retriever');
    const unknown = calls.filter(({ id }) => !this.knownRuns.has(id)).length;
    return Math.max(0, unknown - this.anonymousCalls);
  }

  /** Runs something as part of this replay. An iterator it gives back has to be read inside of it. */
  run<Result>(work: () => Result): Result {
    return runInFence(this.fence, () => frames.run({ player: this, tools: [] }, work));
  }

  /**
   * Runs a live call; its inner calls are in the place of their own that they were recorded in. A model and, where all tools
   * are live, a tool is free of the fence. A tool that is allowed by name still connects only to what is allowed.
   */
  runLive<Result>(kind: CallKind, name: string, work: () => Result): Result {
    const tools = [...(frames.getStore()?.tools ?? []), ...(kind === 'tool' ? [name] : [])];
    const inFrame = () => frames.run({ player: this, tools }, work);
    return kind === 'model' || this.options.tools === 'live' ? outsideFence(inFrame) : inFrame();
  }

  /**
   * Decides what a call is answered with.
   *
   * @param signal Of the call, which a recorded call that was cancelled waits for.
   * @throws What the recorded call threw; ReplayMissError when nothing recorded fits and the policy is to fail.
   */
  async answer(request: CallRequest, signal: AbortSignal | undefined): Promise<CallAnswer> {
    this.register(request.runId);
    if (this.failure !== undefined) throw this.failure;
    const { matching, note } = this.match(request, 'langchain');
    if (matching === 'live') {
      note('live');
      return { kind: 'live' };
    }
    if (matching.how === 'miss') return this.miss(request, matching.nearest, note);
    const { call } = matching;
    const { result } = call;
    if (result.kind === 'cancelled' && (await this.isCancelled(signal))) {
      note(matching.how, matching);
      throw abortError(signal);
    }
    if (result.kind === 'missing' || result.kind === 'cancelled') {
      const reason = result.kind === 'missing' ? result.reason : 'it was cancelled when it was recorded';
      return this.miss(request, `${describeCall(call)}: ${reason}`, note);
    }
    note(matching.how, matching);
    if (result.kind === 'failed') throw recordedError(result.error);
    const value = result.kind === 'interrupted' ? interrupt(result.value) : result.value;
    return { kind: 'recorded', call, value, again: matching.how === 'exact' && matching.again };
  }

  /** Says that the record of a call holds something that cannot be played. */
  unplayable(call: RecordedCall): ReplayMissError {
    return this.fail(`${describeCall(call)} is recorded in a form that cannot be played.`);
  }

  private match(request: CallRequest, via: RecordedCall['via']) {
    const { kind, names, input } = request;
    const tools = frames.getStore()?.tools ?? [];
    const checkpointNs = request.checkpointNs ?? currentNamespace();
    const node = nodePath(checkpointNs);
    const place = placeOf(node, tools);
    const name = names[0] ?? kind;
    const seq = this.list.length;
    const ordinal = this.count([kind, place, kind === 'tool' ? name : ''].join('\u0000'));
    const note = (
      match: PlayedCall['match'],
      found?: Exclude<CallMatching, { how: 'miss' }>,
      nearest?: string,
    ) => {
      const text = found?.how === 'ordinal' ? found.nearest : nearest;
      this.list[seq] = {
        seq,
        kind,
        ...(node === undefined ? {} : { node }),
        name,
        ordinal,
        match,
        ...(found === undefined ? {} : { recordedSpanId: found.call.spanId }),
        inputHash: input.looseHash,
        ...(text === undefined ? {} : { nearest: text }),
      };
    };
    // Holds its place while it waits.
    note('miss');
    const isLive = (kind === 'model' ? this.options.models : this.options.tools) === 'live';
    const task = taskOf(checkpointNs ?? '', tools);
    const matching: CallMatching | 'live' = isLive
      ? 'live'
      : this.matcher.take({ kind, via, names, place, task, input });
    return { matching, note };
  }

  private miss(
    request: CallRequest,
    nearest: string | undefined,
    note: (match: PlayedCall['match'], found?: undefined, nearest?: string) => void,
  ): CallAnswer {
    const { kind, names } = request;
    const { onMiss = 'fail', allowTools = [] } = this.options;
    const name = names[0] ?? kind;
    const isAllowed =
      kind === 'model' ? onMiss === 'live' : names.some((known) => allowTools.includes(known));
    if (isAllowed) {
      note('live', undefined, nearest);
      return { kind: 'live' };
    }
    if (onMiss === 'stub') {
      note('stub', undefined, nearest);
      return { kind: 'stub' };
    }
    note('miss', undefined, nearest);
    const near = nearest === undefined ? 'Nothing of its kind was recorded' : `The nearest is ${nearest}`;
    const failure = this.fail(`Nothing recorded fits this call of ${kind} ${name}. ${near}.`);
    if (kind !== 'model') {
      const blocked = this.fence.block('tool', name, `Allow it with --allow-tool ${name}.`);
      failure.cause = blocked;
    }
    throw failure;
  }

  private fail(message: string): ReplayMissError {
    // Whatever a graph makes of the first one, the run cannot go on as recorded.
    this.failure ??= new ReplayMissError(message);
    return this.failure;
  }

  private register(runId: string | undefined): void {
    if (runId === undefined) this.anonymousCalls += 1;
    else this.knownRuns.add(runId);
  }

  private count(key: string): number {
    const ordinal = this.ordinals.get(key) ?? 0;
    this.ordinals.set(key, ordinal + 1);
    return ordinal;
  }

  /** What stops a call ends the run, or it comes soon. */
  private async isCancelled(signal: AbortSignal | undefined): Promise<boolean> {
    if (signal === undefined) return true;
    // The sleep ends early, by rejecting, when the call is cancelled.
    await this.options.clock.sleep(CANCEL_GRACE_MS, signal).catch(() => undefined);
    return signal.aborted;
  }

  private answerRequest(request: FencedRequest): FencedAnswer | undefined {
    const wanted = requestOf(request);
    if (wanted === undefined || !this.recording.calls.some(({ via }) => via === 'request')) return undefined;
    this.register(undefined);
    const { matching, note } = this.match(
      { kind: 'model', names: [wanted.host], input: wanted.input, checkpointNs: undefined, runId: undefined },
      'request',
    );
    if (matching === 'live') return undefined;
    if (matching.how === 'miss') {
      note('miss', undefined, matching.nearest);
      return undefined;
    }
    const answer = answerOf(matching.call.result, wanted);
    if (answer === undefined) note('miss', undefined, `${describeCall(matching.call)}: it cannot be played`);
    else note(matching.how, matching);
    return answer;
  }
}

function abortError(signal: AbortSignal | undefined): unknown {
  return signal?.reason ?? new DOMException('The recorded call was cancelled.', 'AbortError');
}
