import type { CallKind } from '../contract.ts';
import type { CallInput } from './call-input.ts';
import { firstDifference } from './difference.ts';
import { describeCall, type RecordedCall } from './recording.ts';

/** A call that wants a recorded result. */
export interface WantedCall {
  readonly kind: CallKind;
  readonly via: RecordedCall['via'];
  /** Names it may have been recorded under; of models and retrievers they do not count. */
  readonly names: readonly string[];
  readonly place: string;
  /** One execution of the place; see {@link RecordedCall.task}. */
  readonly task: string;
  readonly input: CallInput;
}

/** The recorded call that stands for a wanted one, or why there is none. */
export type CallMatching =
  | {
      readonly how: 'exact';
      readonly call: RecordedCall;
      /** True when its result has been used before, in the place of a call with other content. */
      readonly again: boolean;
    }
  | { readonly how: 'ordinal'; readonly call: RecordedCall; readonly nearest: string }
  | { readonly how: 'miss'; readonly nearest: string | undefined };

interface Entry {
  readonly call: RecordedCall;
  used: 'no' | 'ordinal' | 'exact';
}

/**
 * Decides which recorded call stands for each call of a replay. Pure but for the memory of what has been used: the same
 * calls in the same order give the same matches.
 *
 * First by content: of the recorded calls with the same content the first unused one, so that the n-th call gets the n-th
 * result; in the same execution of the node where there is one, then in the same place, then anywhere. Then by place: the
 * call with the same number in the same execution of the node. A result that was used by place may be used again by
 * content, so that one additional call does not shift all that follow it.
 *
 * Executions of a node are paired as they come: which recorded one stands for an execution is decided by its first call.
 */
export class Matcher {
  private readonly entries: readonly Entry[];
  /** Recorded execution that stands for one of the replay. */
  private readonly pairs = new Map<string, string>();
  private readonly pairedTasks = new Set<string>();
  private readonly counts = new Map<string, number>();

  constructor(calls: readonly RecordedCall[]) {
    this.entries = calls.map((call) => ({ call, used: 'no' }));
  }

  /** Recorded calls that nothing has asked for. */
  get unused(): readonly RecordedCall[] {
    return this.entries.filter(({ used }) => used === 'no').map(({ call }) => call);
  }

  take(wanted: WantedCall): CallMatching {
    const candidates = this.entries.filter(({ call }) => isOfKind(call, wanted));
    const task = this.pairOf(wanted, candidates);
    const number = this.count(wanted);
    const exact = this.exactMatch(wanted, candidates, task);
    if (exact !== undefined) {
      const again = exact.used === 'ordinal';
      exact.used = 'exact';
      return { how: 'exact', call: exact.call, again };
    }
    const inTask = candidates.filter(({ call }) => task !== undefined && call.task === task);
    const sameNumber = inTask[number];
    if (sameNumber?.used === 'no') {
      sameNumber.used = 'ordinal';
      return { how: 'ordinal', call: sameNumber.call, nearest: nearness(sameNumber.call, wanted) };
    }
    return { how: 'miss', nearest: this.nearest(wanted, candidates, sameNumber) };
  }

  private exactMatch(
    wanted: WantedCall,
    candidates: readonly Entry[],
    task: string | undefined,
  ): Entry | undefined {
    for (const field of ['exactHash', 'looseHash'] as const) {
      const equal = candidates.filter(
        ({ call, used }) => used !== 'exact' && call.input?.[field] === wanted.input[field],
      );
      const found =
        equal.find(({ call }) => call.task === task) ??
        equal.find(({ call }) => call.place === wanted.place && !this.pairedTasks.has(call.task)) ??
        equal.find(({ call }) => call.place === wanted.place) ??
        equal[0];
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private pairOf(wanted: WantedCall, candidates: readonly Entry[]): string | undefined {
    const known = this.pairs.get(wanted.task);
    if (known !== undefined) return known;
    const free = candidates.filter(
      ({ call }) => call.place === wanted.place && !this.pairedTasks.has(call.task),
    );
    const { exactHash, looseHash } = wanted.input;
    const chosen =
      free.find(({ call }) => call.input?.exactHash === exactHash) ??
      free.find(({ call }) => call.input?.looseHash === looseHash) ??
      free[0];
    if (chosen === undefined) return undefined;
    this.pairs.set(wanted.task, chosen.call.task);
    this.pairedTasks.add(chosen.call.task);
    return chosen.call.task;
  }

  private count({ kind, task, names }: WantedCall): number {
    const key = [kind, task, kind === 'tool' ? names[0] : ''].join('\u0000');
    const number = this.counts.get(key) ?? 0;
    this.counts.set(key, number + 1);
    return number;
  }

  /** The call in the same place, else the one not yet used that begins most like this one. */
  private nearest(
    wanted: WantedCall,
    candidates: readonly Entry[],
    sameNumber: Entry | undefined,
  ): string | undefined {
    const unused = candidates.filter(({ used }) => used === 'no');
    const near =
      sameNumber ??
      unused.find(({ call }) => call.place === wanted.place) ??
      unused[0] ??
      candidates.findLast(({ call }) => call.place === wanted.place) ??
      candidates.at(-1);
    return near && nearness(near.call, wanted);
  }
}

function isOfKind(call: RecordedCall, wanted: WantedCall): boolean {
  if (call.kind !== wanted.kind || call.via !== wanted.via) return false;
  return call.kind !== 'tool' || wanted.names.includes(call.name);
}

function nearness(call: RecordedCall, { input }: WantedCall): string {
  const where = describeCall(call);
  if (call.input === undefined) return `${where}: its input was not recorded`;
  const difference = firstDifference(call.input.json, input.json);
  return `${where}: ${difference ?? 'the same content, and its result has been used'}`;
}
