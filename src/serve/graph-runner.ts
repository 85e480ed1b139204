import { Command } from '@langchain/langgraph';
import { errorMessage, type Json, type Logger, toWire } from '../core/index.ts';
import type { RunConfig, ServableGraph } from './options.ts';
import type { Caller, RunRequest } from './request.ts';

/** How a run ended. `stopped`: by the server, or by a client that no longer listens. */
export type RunResult =
  | { readonly kind: 'done'; readonly runId: string; readonly output: Json }
  | { readonly kind: 'failed' | 'stopped'; readonly runId: string };

/** A run that is prepared: its id is known before it starts, and so also when it fails. */
export interface PreparedRun {
  readonly runId: string;
  readonly invoke: () => Promise<unknown>;
  readonly stream: () => Promise<AsyncIterable<unknown>>;
  /** Reports the failure, unless the run was stopped on purpose. Says which it was. */
  readonly fail: (thrown: unknown) => 'failed' | 'stopped';
}

/** What {@link GraphRunner} is made of. */
export interface GraphRunnerOptions {
  readonly graph: ServableGraph;
  readonly logger: Logger;
  readonly newId: () => string;
}

/** Runs a graph for requests: gives each run its ids, and turns its output or failure into what a client may see. */
export class GraphRunner {
  private readonly options: GraphRunnerOptions;

  constructor(options: GraphRunnerOptions) {
    this.options = options;
  }

  /** Prepares a run on the thread that the request names, or on a fresh one. The run ends when `signal` is aborted. */
  prepare(request: RunRequest, caller: Caller, signal: AbortSignal): PreparedRun {
    const { graph, logger, newId } = this.options;
    const runId = newId();
    const config: RunConfig = {
      runId,
      // Where LangGraph's own server puts them: graphs take the run id as the key of side effects.
      configurable: {
        ...request.configurable,
        thread_id: request.configurable['thread_id'] ?? newId(),
        run_id: runId,
      },
      metadata: { ...caller },
      signal,
      ...(request.recursionLimit === undefined ? {} : { recursionLimit: request.recursionLimit }),
    };
    const input = request.command === undefined ? request.input : new Command(request.command);
    return {
      runId,
      invoke: () => graph.invoke(input, config),
      stream: () => graph.stream(input, config),
      fail: (thrown) => {
        if (signal.aborted) return 'stopped';
        logger.error(`run ${runId} failed: ${errorMessage(thrown)}`);
        return 'failed';
      },
    };
  }

  /** Runs to the end. Never rejects. */
  async invoke(request: RunRequest, caller: Caller, signal: AbortSignal): Promise<RunResult> {
    const run = this.prepare(request, caller, signal);
    try {
      return { kind: 'done', runId: run.runId, output: toWire(await run.invoke()) };
    } catch (thrown) {
      return { kind: run.fail(thrown), runId: run.runId };
    }
  }

  /**
   * Runs all requests, at most `concurrency` at once. The first one that does not end well stops the others, and is the
   * result; otherwise there is a result for each request, in order.
   */
  async batch(
    requests: readonly RunRequest[],
    caller: Caller,
    options: { readonly signal: AbortSignal; readonly concurrency: number },
  ): Promise<readonly (RunResult & { kind: 'done' })[] | (RunResult & { kind: 'failed' | 'stopped' })> {
    const stop = new AbortController();
    const signal = AbortSignal.any([options.signal, stop.signal]);
    const done: (RunResult & { kind: 'done' })[] = [];
    let bad: (RunResult & { kind: 'failed' | 'stopped' }) | undefined;
    const waiting = requests.entries();
    const work = async () => {
      for (const [index, request] of waiting) {
        const result = await this.invoke(request, caller, signal);
        if (result.kind === 'done') done[index] = result;
        else {
          bad ??= result;
          stop.abort(new Error('Another input of the batch failed.'));
        }
        if (bad !== undefined) return;
      }
    };
    await Promise.all(Array.from({ length: Math.min(options.concurrency, requests.length) }, work));
    return bad ?? done;
  }
}
