import { isRecord } from '../../core/index.ts';

/**
 * Where every copy of `@opentelemetry/api` 1.x keeps what is registered. The key is part of the API's contract between its
 * own versions; it is the only way to look without loading the API.
 */
const REGISTRY = Symbol.for('opentelemetry.js.api.1');

/** What an SDK has registered so far, by kind (`trace`, `context`, `propagation`); undefined while nothing is. */
export function apiRegistry(): Record<string, unknown> | undefined {
  const registry: unknown = Reflect.get(globalThis, REGISTRY);
  return isRecord(registry) ? registry : undefined;
}
