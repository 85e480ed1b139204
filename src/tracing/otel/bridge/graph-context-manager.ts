import type { Context, ContextManagementToken, ContextManager } from '@opentelemetry/api';
import { currentRunId, enclosingRunIds } from '../../current-run.ts';
import { RUN_KEY, runOf } from './run-key.ts';
import type { RunSpan, SpanContexts } from './span-contexts.ts';

/**
 * The context manager of the application, with one thing added: inside a node or tool of a wrapped graph the active span
 * is that node's or tool's. LangGraph already carries the running node through every await; this asks it, so that the
 * graph itself stays as it is.
 *
 * What the application makes active inside a node stays active there, as usual.
 */
export class GraphContextManager implements ContextManager {
  /** The application's own. */
  readonly inner: ContextManager;
  /** Present only where the inner manager has it: `attach` is optional, and the API asks for it. */
  readonly attach?: (context: Context) => ContextManagementToken;
  private readonly spans: SpanContexts;

  constructor(inner: ContextManager, spans: SpanContexts) {
    this.inner = inner;
    this.spans = spans;
    if (typeof inner.attach === 'function') {
      const attach = inner.attach.bind(inner);
      this.attach = (context) => attach(this.marked(context));
    }
  }

  active(): Context {
    const base = this.inner.active();
    const run = this.currentRun();
    return run === undefined || runOf(base) === run.runId ? base : run.over(base);
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.inner.with(this.marked(context), fn, thisArg, ...args);
  }

  bind<T>(context: Context, target: T): T {
    return this.inner.bind(this.marked(context), target);
  }

  enable(): this {
    this.inner.enable();
    return this;
  }

  disable(): this {
    this.inner.disable();
    return this;
  }

  /** Says that this context was chosen in this run, and is not what merely surrounds it. */
  private marked(context: Context): Context {
    const run = this.currentRun();
    return run === undefined || runOf(context) === run.runId ? context : context.setValue(RUN_KEY, run.runId);
  }

  /** The innermost run that a tracer follows; a `traceable` inside a node may be none. */
  private currentRun(): RunSpan | undefined {
    const runId = currentRunId();
    if (runId === undefined) return undefined;
    const run = this.spans.of(runId);
    if (run !== undefined) return run;
    for (const enclosing of enclosingRunIds()) {
      const found = this.spans.of(enclosing);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
