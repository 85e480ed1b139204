import type { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { isRecord, type Logger } from '../../core/index.ts';
import type { Counters } from '../counters.ts';
import { tracerIsOnNow } from '../exporters/index.ts';
import type { ResolvedTraceOptions } from '../options/options.ts';
import type { RawTrace } from '../recording/raw-trace.ts';
import { CallPlace } from './call-place.ts';
import { LangChainTracerStandIn } from './langchain-tracer.ts';
import { RunTreePlace } from './run-tree-place.ts';
import type { TracingClient } from './withheld-runs.ts';

/** What a {@link LangSmithJoin} needs. */
export interface LangSmithJoinOptions {
  readonly options: ResolvedTraceOptions;
  /** Whether anything is hidden or redacted. */
  readonly isPrivate: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly onDefect: (where: string, thrown: unknown) => void;
}

/**
 * How a tracer gets on with those of LangSmith. Runs that it exports to LangSmith are sent by nobody else, and where anything
 * is hidden no run is: LangSmith's tracers know nothing of that.
 */
export class LangSmithJoin {
  private readonly deps: LangSmithJoinOptions;
  /** Whether the stand-in is among the callbacks of every graph. */
  private readonly isBound: boolean;
  private readonly runTreePlace: RunTreePlace | undefined;
  private made: LangChainTracerStandIn | undefined;
  private hasWarned = false;

  constructor(deps: LangSmithJoinOptions) {
    this.deps = deps;
    const { options, isPrivate } = deps;
    this.isBound = options.langsmith !== undefined || (isPrivate && options.langSmithTracerIsOn);
    if (options.langsmith === undefined && this.isBound) this.warn();
    this.runTreePlace = this.isBound
      ? undefined
      : new RunTreePlace({ standIn: () => this.standIn, isTracerOn: () => this.isTracerOn });
  }

  /** What follows the recording handler in the callbacks of a graph. */
  get callbacks(): readonly BaseCallbackHandler[] {
    return this.isBound ? [this.standIn] : [];
  }

  /** The place of LangSmith's tracer in the calls of the graph that this handler records. */
  placeFor(handler: BaseCallbackHandler): CallPlace {
    return new CallPlace({
      handler,
      standIn: () => this.standIn,
      isBound: this.isBound,
      isPrivate: this.deps.isPrivate,
      sendsTheSame: ({ client }) => this.sendsTheSame(client),
      isTracerOn: () => this.isTracerOn,
      runTreePlace: this.runTreePlace,
      onReplaced: () => this.warn(),
    });
  }

  /** From here on the runs of the trace are withheld from every tracer of LangSmith's that joins somewhere inside. */
  begin(rootId: string): void {
    if (this.isBound || this.deps.isPrivate) this.standIn.withhold(rootId);
  }

  /** Tracers that report late report runs that are no longer followed. */
  end({ spans }: RawTrace): void {
    if (this.isBound || this.deps.isPrivate) for (const { id } of spans) this.standIn.withhold(id);
  }

  private get isTracerOn(): boolean {
    return tracerIsOnNow(this.deps.env);
  }

  private get standIn(): LangChainTracerStandIn {
    const { options, isPrivate, counters, onDefect } = this.deps;
    this.made ??= new LangChainTracerStandIn({
      project: options.langsmith?.project ?? 'default',
      onLate: () => counters.add('spans_dropped', 'parent_gone'),
      onDefect,
      takesFrom: (client) => isPrivate || this.sendsTheSame(client),
    });
    return this.made;
  }

  /** Whether a client sends where the exporter does. An application may send its runs elsewhere as well. */
  private sendsTheSame(client: TracingClient): boolean {
    const { langsmith } = this.deps.options;
    const known: unknown = client;
    if (langsmith === undefined || !isRecord(known)) return false;
    return known['apiUrl'] === langsmith.endpoint && known['apiKey'] === langsmith.apiKey;
  }

  private warn(): void {
    if (this.hasWarned || this.deps.options.langsmith !== undefined) return;
    this.hasWarned = true;
    this.deps.logger.warn(
      'A tracer of LangSmith’s own would send what is to be hidden: it is kept from these graphs. To send their runs ' +
        'without it, set LANGSMITH_API_KEY with LANGSMITH_TRACING, or pass langsmith: { apiKey }.',
    );
  }
}
