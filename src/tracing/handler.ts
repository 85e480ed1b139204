import { GraphCallbackHandler, type GraphInterruptEvent, type GraphResumeEvent } from '@langchain/langgraph';
import { DIRECT, type DirectHandler, useDirectCallbacks } from './direct-callbacks/index.ts';
import { takeRunSignal } from './graphs/graph-calls.ts';
import { MAX_PIECES, type Piece, pieceOf } from './recording/answer-pieces.ts';
import { learnOwnNames, ownNameOf } from './recording/own-names.ts';
import type { Recorder } from './recording/recorder.ts';
import { chainType, type Metadata, modelName, type SerializedRunnable } from './recording/reported-run.ts';

/** Event of a model span: lengths of the pieces in which its answer came. */
const PIECES = 'pieces';

/**
 * Tells the recorder what LangChain's callbacks report. Awaited and synchronous: handlers that are not awaited share one
 * queue per process, which lags under load and would end traces late.
 *
 * The order of arguments is the one the callback manager uses; for chains it differs from the declared one.
 */
export class TracingHandler extends GraphCallbackHandler implements DirectHandler {
  override name = 'sluicegate_tracer';
  override awaitHandlers = true;
  readonly [DIRECT] = true;
  private readonly recorder: Recorder;
  private readonly onDefect: (where: string, thrown: unknown) => void;
  private readonly graphName: string | undefined;

  /** `graphName` is that of the graph it is attached to: a run reports only the name that its caller gave it. */
  constructor(
    recorder: Recorder,
    onDefect: (where: string, thrown: unknown) => void,
    graphName?: string | undefined,
  ) {
    super();
    this.recorder = recorder;
    this.onDefect = onDefect;
    this.graphName = graphName;
    learnOwnNames();
    useDirectCallbacks();
  }

  /** One handler is one recorder: a copy would be a second one. */
  override copy(): TracingHandler {
    return this;
  }

  override handleChainStart(
    chain: SerializedRunnable,
    inputs: unknown,
    runId: string,
    parentId?: string,
    tags: string[] = [],
    metadata: Metadata = {},
    _runType?: string,
    runName?: string,
  ): void {
    this.guard('handleChainStart', () =>
      this.recorder.start({
        source: this,
        id: runId,
        parentId,
        name: runName ?? chain?.name ?? chain?.id?.at(-1) ?? 'chain',
        className: chain?.id?.at(-1),
        type: chainType(chain, tags),
        inputs,
        metadata,
        tags,
        ownName: ownNameOf(chain) ?? (parentId === undefined ? this.graphName : undefined),
        signal: takeRunSignal(runId),
      }),
    );
  }

  override handleChainEnd(outputs: unknown, runId: string): void {
    this.guard('handleChainEnd', () => this.recorder.end(runId, outputs));
  }

  override handleChainError(thrown: unknown, runId: string): void {
    this.guard('handleChainError', () => this.recorder.fail(runId, thrown));
  }

  override handleChatModelStart(
    model: SerializedRunnable,
    messages: unknown,
    runId: string,
    parentId?: string,
    extra?: Metadata,
    tags: string[] = [],
    metadata: Metadata = {},
    runName?: string,
  ): void {
    this.startModel(model, { messages }, runId, parentId, extra, tags, metadata, runName);
  }

  override handleLLMStart(
    model: SerializedRunnable,
    prompts: string[],
    runId: string,
    parentId?: string,
    extra?: Metadata,
    tags: string[] = [],
    metadata: Metadata = {},
    runName?: string,
  ): void {
    this.startModel(model, { prompts }, runId, parentId, extra, tags, metadata, runName);
  }

  override handleLLMNewToken(
    token: string,
    _index: unknown,
    runId: string,
    _parentId?: string,
    _tags?: string[],
    fields?: { readonly chunk?: unknown },
  ): void {
    this.noteFirstToken(runId);
    this.guard('pieces', () => this.notePiece(runId, pieceOf(token, fields?.chunk)));
  }

  override handleChatModelStreamEvent(_event: unknown, runId: string): void {
    this.noteFirstToken(runId);
  }

  override handleLLMEnd(output: unknown, runId: string): void {
    this.guard('handleLLMEnd', () => this.recorder.end(runId, output));
  }

  override handleLLMError(thrown: unknown, runId: string): void {
    this.guard('handleLLMError', () => this.recorder.fail(runId, thrown));
  }

  override handleToolStart(
    tool: SerializedRunnable,
    input: string,
    runId: string,
    parentId?: string,
    tags: string[] = [],
    metadata: Metadata = {},
    runName?: string,
    toolCallId?: string,
  ): void {
    this.guard('handleToolStart', () =>
      this.recorder.start({
        source: this,
        id: runId,
        parentId,
        name: runName ?? tool?.name ?? tool?.id?.at(-1) ?? 'tool',
        className: tool?.id?.at(-1),
        ownName: ownNameOf(tool),
        type: 'tool',
        inputs: { input },
        metadata,
        tags,
        toolCallId,
      }),
    );
  }

  override handleToolEnd(output: unknown, runId: string): void {
    this.guard('handleToolEnd', () => this.recorder.end(runId, { output }));
  }

  override handleToolError(thrown: unknown, runId: string): void {
    this.guard('handleToolError', () => this.recorder.fail(runId, thrown));
  }

  override handleRetrieverStart(
    retriever: SerializedRunnable,
    query: string,
    runId: string,
    parentId?: string,
    tags: string[] = [],
    metadata: Metadata = {},
    runName?: string,
  ): void {
    this.guard('handleRetrieverStart', () =>
      this.recorder.start({
        source: this,
        id: runId,
        parentId,
        name: runName ?? retriever?.id?.at(-1) ?? 'retriever',
        className: retriever?.id?.at(-1),
        type: 'retriever',
        inputs: { query },
        metadata,
        tags,
      }),
    );
  }

  override handleRetrieverEnd(documents: unknown, runId: string): void {
    this.guard('handleRetrieverEnd', () => this.recorder.end(runId, { documents }));
  }

  override handleRetrieverError(thrown: unknown, runId: string): void {
    this.guard('handleRetrieverError', () => this.recorder.fail(runId, thrown));
  }

  override handleCustomEvent(name: string, data: unknown, runId: string): void {
    this.guard('handleCustomEvent', () => this.event(runId, name, data));
  }

  override handleInterrupt(event: GraphInterruptEvent): void {
    this.guard('handleInterrupt', () => {
      if (event.runId === undefined) return;
      this.recorder.checkpoint(event.runId, event.checkpointId, true);
      this.event(event.runId, 'interrupt', { status: event.status, interrupts: event.interrupts });
    });
  }

  override handleResume(event: GraphResumeEvent): void {
    this.guard('handleResume', () => {
      if (event.runId === undefined) return;
      this.recorder.checkpoint(event.runId, event.checkpointId, false);
      this.event(event.runId, 'resume', { checkpointId: event.checkpointId });
    });
  }

  private startModel(
    model: SerializedRunnable,
    inputs: unknown,
    runId: string,
    parentId: string | undefined,
    extra: Metadata | undefined,
    tags: string[],
    metadata: Metadata,
    runName: string | undefined,
  ): void {
    this.guard('startModel', () =>
      this.recorder.start({
        source: this,
        id: runId,
        parentId,
        name: runName ?? model?.id?.at(-1) ?? 'model',
        className: model?.id?.at(-1),
        type: 'llm',
        inputs,
        metadata,
        tags,
        model: modelName(metadata, extra),
      }),
    );
  }

  private noteFirstToken(runId: string): void {
    this.guard('firstToken', () => {
      if (!this.recorder.hasEvent(runId, 'first_token')) this.event(runId, 'first_token');
    });
  }

  /** How an answer came in pieces, for a replay to send it in the same ones. */
  private notePiece(runId: string, piece: Piece): void {
    const span = this.recorder.find(runId);
    if (span === undefined || (span.source !== undefined && span.source !== this)) return;
    const pieces = span.events.find(({ name }) => name === PIECES)?.data as Piece[] | undefined;
    if (pieces === undefined) this.event(runId, PIECES, [piece]);
    else if (pieces.length > 0 && pieces.length < MAX_PIECES) pieces.push(piece);
    // Half of them would say nothing.
    else pieces.length = 0;
  }

  /** Inside another wrapped graph both handlers hear of every event. */
  private event(runId: string, name: string, data?: unknown): void {
    const source = this.recorder.find(runId)?.source;
    if (source === undefined || source === this) this.recorder.event(runId, name, data);
  }

  /** The graph must never feel a defect of the tracer. */
  private guard(where: string, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.onDefect(where, thrown);
    }
  }
}
