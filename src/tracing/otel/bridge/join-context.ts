import { type Context, type ContextManager, context, isSpanContextValid, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isRecord, type Logger } from '../../../core/index.ts';
import { apiRegistry } from '../api-registry.ts';
import type { ParentSpan } from '../graph-runs.ts';
import type { OtelHub } from '../otel-hub.ts';
import { GraphContextManager } from './graph-context-manager.ts';
import { SpanContexts } from './span-contexts.ts';

const joined = new WeakMap<OtelHub, SpanContexts>();

/**
 * Makes the active span inside a graph the one of its node, and gives the hub the span that encloses a run. Looks again
 * at each root: an application may start its SDK after its graphs were wrapped. One that has a tracer provider by then and no
 * context manager gets one: without, no span is ever active, and those of its nodes would hang nowhere and obey nothing.
 */
export function joinContext(hub: OtelHub, logger: Logger): void {
  if (joined.has(hub)) return;
  const spans = new SpanContexts(hub);
  joined.set(hub, spans);
  let warned = false;
  const wrapManager = () => {
    if (wrapRegistered(spans) || warned) return;
    warned = true;
    logger.warn(
      'The OpenTelemetry context manager cannot be extended: spans inside nodes have no graph parent.',
    );
  };
  wrapManager();
  hub.connect(() => {
    registerWhereMissing(spans);
    wrapManager();
    return parentSpan(context.active());
  });
}

/** The spans of a hub's runs, for a context manager that is still to be registered. */
export function spanContextsOf(hub: OtelHub): SpanContexts | undefined {
  return joined.get(hub);
}

/** The valid span of a context, as the parent of a root. */
function parentSpan(active: Context): ParentSpan | undefined {
  const found = trace.getSpanContext(active);
  if (found === undefined || !isSpanContextValid(found)) return undefined;
  const { traceId, spanId, traceFlags, traceState, isRemote } = found;
  const header = traceState?.serialize();
  return {
    traceId,
    spanId,
    traceFlags,
    ...(header ? { traceState: header } : {}),
    ...(isRemote === undefined ? {} : { isRemote }),
  };
}

/**
 * Puts the wrapper where the API finds its context manager. The API can only be given a manager once, and taking the
 * application's away first would lose the context of every request under way: so the entry itself is exchanged.
 *
 * @returns False when there is a manager that cannot be wrapped.
 */
function wrapRegistered(spans: SpanContexts): boolean {
  const registry = apiRegistry();
  const manager = registry?.['context'];
  if (registry === undefined || manager === undefined || manager instanceof GraphContextManager) return true;
  if (!isContextManager(manager)) return false;
  return Reflect.set(registry, 'context', new GraphContextManager(manager, spans));
}

function registerWhereMissing(spans: SpanContexts): void {
  const registry = apiRegistry();
  if (registry?.['trace'] === undefined || registry['context'] !== undefined) return;
  context.setGlobalContextManager(
    new GraphContextManager(new AsyncLocalStorageContextManager().enable(), spans),
  );
}

function isContextManager(value: unknown): value is ContextManager {
  if (!isRecord(value)) return false;
  return ['active', 'with', 'bind', 'enable', 'disable'].every((name) => typeof value[name] === 'function');
}
