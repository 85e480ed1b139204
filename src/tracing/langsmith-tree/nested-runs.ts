import type { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import { isRecord } from '../../core/index.ts';
import { LANGSMITH_KEYS } from '../exporters/langsmith/index.ts';
import type { RawSpan } from '../recording/raw-trace.ts';
import { type Recorder, recorderOf } from '../recording/recorder.ts';
import { ReportedError } from '../recording/reported-error.ts';
import { ancestryOf, chainOf, spanTypeOf } from './run-ancestry.ts';
import { type NewRun, type RunUpdate, type TracingClient, watchClient, withhold } from './withheld-runs.ts';

/** A run tree of langsmith's. */
export type RunTree = NonNullable<ReturnType<LangChainTracer['getRunTreeWithTracingConfig']>>;

/** What a {@link NestedRunClient} needs. */
export interface NestedRunOptions {
  /** Told of each run that comes too late to be recorded: its trace has ended, or its parent was left out. */
  readonly onLate: () => void;
  /** Takes runs that belong to no traced graph. */
  readonly fallback: TracingClient;
  /** Whether the recorded runs are taken from this client, should it be told of them. Default: from every client. */
  readonly takesFrom?: ((client: TracingClient) => boolean) | undefined;
  readonly onDefect: (where: string, thrown: unknown) => void;
}

const MAX_FOREIGN = 1_000;
/** Events that say no more than the times of the run. */
const LIFECYCLE_EVENTS = new Set(['start', 'end', 'error']);

/** Spans that were begun for langsmith, which alone may end them. */
const reported = new WeakSet<RawSpan>();

/**
 * Receives the runs that langsmith's `traceable`, wrappers and run trees report from inside a traced graph, and records them
 * as spans of the trace they are in.
 */
export class NestedRunClient {
  /** To be given to run trees. Everything that is not about reporting runs is left to the client it stands for. */
  readonly client: TracingClient;
  private readonly options: NestedRunOptions;
  /** Traces that are not a graph's. */
  private readonly foreign = new Set<string>();

  constructor(options: NestedRunOptions) {
    this.options = options;
    this.client = Object.create(options.fallback, {
      createRun: { value: (run: NewRun, ...rest: []) => this.receive(run, ...rest) },
      updateRun: { value: (id: string, run: RunUpdate, ...rest: []) => this.receiveUpdate(id, run, ...rest) },
      // In its OTel mode langsmith would give the runs other ids.
      tracingMode: { value: 'langsmith' },
    }) as TracingClient;
    watchClient(options.fallback);
  }

  /** Takes over what LangSmith's tracers report of a run and of all that is in it: it is recorded already. */
  withhold(runId: string): void {
    withhold(runId, this);
  }

  /** Whether recorded runs are taken from this client. */
  takesFrom(client: TracingClient): boolean {
    return this.options.takesFrom?.(client) ?? true;
  }

  /**
   * Begins the span of a run tree that was just made below a recorded run: what runs inside it may start before langsmith
   * reports it. False when the run tree is not of this client's traces.
   */
  adopt(tree: RunTree): boolean {
    const parentId = tree.parent_run?.id ?? tree.parent_run_id;
    if (tree.client !== this.client || parentId === undefined) return false;
    const recorder = recorderOf(parentId);
    if (recorder === undefined) return true;
    this.begin(recorder, {
      id: tree.id,
      parentId,
      name: tree.name,
      runType: tree.run_type,
      inputs: undefined,
      metadata: metadataOf(tree.extra),
      tags: tree.tags ?? [],
    });
    // What the tree is told is what it tells other services, and what the exporter will say.
    const chain = chainOf(tree.id);
    if (chain !== undefined) tree.dotted_order = ancestryOf(chain).dotted_order;
    return true;
  }

  private async receive(run: NewRun, ...rest: []): Promise<void> {
    if (run.id === undefined || this.isForeign(run.trace_id, run.id, run.parent_run_id)) {
      return this.options.fallback.createRun(run, ...rest);
    }
    this.createRun(run, run.id);
  }

  /** Records a run that langsmith reports. */
  createRun(run: NewRun, id: string): void {
    const parentId = run.parent_run_id;
    this.guard('createRun', () => {
      const known = recorderOf(id);
      const span = known?.find(id);
      const { finer } = spanTypeOf(run.run_type);
      const metadata = metadataOf(run.extra);
      if (known === undefined || span === undefined) {
        const recorder = recorderOf(parentId ?? '');
        if (recorder === undefined) {
          this.options.onLate();
          return;
        }
        this.begin(recorder, {
          id,
          parentId,
          name: run.name,
          runType: run.run_type,
          inputs: run.inputs,
          metadata,
          tags: tagsOf(run),
        });
      } else if (reported.has(span)) {
        known.annotate(id, {
          inputs: run.inputs,
          model: span.type === 'llm' ? modelOf(metadata) : undefined,
          metadata: { ...metadata, ...(finer === undefined ? {} : { [LANGSMITH_KEYS.runType]: finer }) },
          tags: tagsOf(run),
        });
      }
      // Runs with inputs that were still to come are reported once, when they have ended.
      if (run.end_time !== undefined) this.finish(id, run);
    });
  }

  private async receiveUpdate(id: string, run: RunUpdate, ...rest: []): Promise<void> {
    if (this.foreign.has(run.trace_id ?? id)) return this.options.fallback.updateRun(id, run, ...rest);
    this.updateRun(id, run);
  }

  /** Records what langsmith reports of a run that has begun. */
  updateRun(id: string, run: RunUpdate): void {
    this.guard('updateRun', () => this.finish(id, run));
  }

  private begin(
    recorder: Recorder,
    run: {
      readonly id: string;
      readonly parentId: string | undefined;
      readonly name: string;
      readonly runType: string;
      readonly inputs: unknown;
      readonly metadata: Record<string, unknown>;
      readonly tags: readonly string[];
    },
  ): void {
    const { type, finer } = spanTypeOf(run.runType);
    recorder.start({
      id: run.id,
      parentId: run.parentId,
      name: run.name,
      type,
      inputs: run.inputs,
      metadata: { ...run.metadata, ...(finer === undefined ? {} : { [LANGSMITH_KEYS.runType]: finer }) },
      tags: run.tags,
      model: type === 'llm' ? modelOf(run.metadata) : undefined,
    });
    const span = recorder.find(run.id);
    if (span !== undefined) reported.add(span);
  }

  private finish(id: string, run: RunUpdate | NewRun): void {
    const recorder = recorderOf(id);
    const span = recorder?.find(id);
    if (recorder === undefined || span === undefined || !reported.has(span)) return;
    if (run.end_time === undefined) return;
    recorder.annotate(id, { metadata: metadataOf(run.extra), inputs: run.inputs });
    for (const event of eventsOf(run)) {
      const { name, time, ...data } = event;
      const timeMs = Date.parse(String(time));
      if (typeof name !== 'string' || LIFECYCLE_EVENTS.has(name) || Number.isNaN(timeMs)) continue;
      if (name !== 'new_token')
        recorder.event(id, name, Object.keys(data).length === 0 ? undefined : data, timeMs);
      else if (!recorder.hasEvent(id, 'first_token')) recorder.event(id, 'first_token', undefined, timeMs);
    }
    // "Cancelled" is what langsmith says of a stream that its reader left early: nothing failed.
    if (typeof run.error === 'string' && run.error !== 'Cancelled')
      recorder.fail(id, new ReportedError(run.error));
    else recorder.end(id, run.outputs);
  }

  /** A run is a graph's when its trace is; a new trace without a parent is somebody else's. */
  private isForeign(traceId: string | undefined, id: string, parentId: string | undefined): boolean {
    if (traceId === undefined || this.foreign.has(traceId)) return true;
    if (traceId !== id || parentId !== undefined || recorderOf(id) !== undefined) return false;
    this.foreign.add(traceId);
    forgetOldest(this.foreign, MAX_FOREIGN);
    return true;
  }

  /** Nothing of this may reach the code that langsmith runs in. */
  private guard(where: string, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.options.onDefect(where, thrown);
    }
  }
}

function forgetOldest(ids: Set<string>, limit: number): void {
  for (const id of ids) {
    if (ids.size <= limit) return;
    ids.delete(id);
  }
}

function metadataOf(extra: unknown): Record<string, unknown> {
  const metadata = isRecord(extra) ? extra['metadata'] : undefined;
  return isRecord(metadata) ? { ...metadata } : {};
}

function modelOf(metadata: Readonly<Record<string, unknown>>): string | undefined {
  const model = metadata['ls_model_name'];
  return typeof model === 'string' ? model : undefined;
}

function tagsOf(run: object): readonly string[] {
  return 'tags' in run && Array.isArray(run.tags) ? run.tags.map(String) : [];
}

function eventsOf(run: object): readonly Record<string, unknown>[] {
  return 'events' in run && Array.isArray(run.events) ? run.events.filter(isRecord) : [];
}
