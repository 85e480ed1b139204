import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import type { GraphRun, OtelHub, ParentSpan, TailDecision } from '../../src/tracing/otel/index.ts';

/** The part of the tracer that joins runs and OpenTelemetry, alone: follows runs and decides each when its root ends. */
export class OtelWatcher extends BaseCallbackHandler {
  name = 'otel_watcher';
  override awaitHandlers = true;
  /** Run ids by the name of the run, in the order they started. */
  readonly ids = new Map<string, string[]>();
  readonly roots: string[] = [];
  private readonly runs = new Map<string, GraphRun>();
  private readonly ended = new Set<string>();
  private readonly hub: OtelHub;
  private readonly decide: (failed: boolean) => TailDecision;
  readonly parents = new Map<string, ParentSpan | undefined>();

  constructor(hub: OtelHub, decide: (failed: boolean) => TailDecision) {
    super();
    this.hub = hub;
    this.decide = decide;
    hub.addRuns({ find: (id) => this.runs.get(id) });
  }

  override copy() {
    return this;
  }

  override handleChainStart(
    chain: { name?: string },
    _inputs: unknown,
    runId: string,
    parentId?: string,
    _tags?: string[],
    _metadata?: unknown,
    _runType?: string,
    runName?: string,
  ) {
    this.start(runId, parentId, runName ?? chain?.name ?? 'chain');
  }

  override handleToolStart(
    tool: { name?: string },
    _input: string,
    runId: string,
    parentId?: string,
    _tags?: string[],
    _metadata?: unknown,
    runName?: string,
  ) {
    this.start(runId, parentId, runName ?? tool?.name ?? 'tool');
  }

  override handleChainEnd(_outputs: unknown, runId: string) {
    this.end(runId, false);
  }

  override handleChainError(_thrown: unknown, runId: string) {
    this.end(runId, true);
  }

  private start(runId: string, parentId: string | undefined, name: string) {
    this.ids.set(name, [...(this.ids.get(name) ?? []), runId]);
    const parent = parentId === undefined ? undefined : this.runs.get(parentId);
    if (parent !== undefined) {
      this.runs.set(runId, parent);
      return;
    }
    const parentSpan = this.hub.startRoot();
    this.parents.set(runId, parentSpan);
    this.roots.push(runId);
    this.runs.set(runId, { rootId: runId, parentSpan });
  }

  private end(runId: string, failed: boolean) {
    this.ended.add(runId);
    const own = this.runs.get(runId);
    if (own?.rootId !== runId) return;
    const all = [...this.runs].filter(([, run]) => run.rootId === runId).map(([id]) => id);
    for (const id of all) this.runs.delete(id);
    this.hub.endRoot(
      own,
      all.filter((id) => !this.ended.has(id)),
    );
    this.hub.decideRoot(runId, this.decide(failed));
  }
}
