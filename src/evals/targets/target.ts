import type { Clock } from '../../core/index.ts';

/**
 * How one call of a target ended. `agent_failed` speaks of the agent's quality (it said that it failed, or passed the
 * time limit); `unavailable` says nothing about the agent and may be tried again.
 */
export type TargetResult =
  | {
      readonly kind: 'answered';
      /** Plain JSON. An output that is not an object is wrapped as `{ output }`. */
      readonly outputs: Record<string, unknown>;
      /** The run id the target reported. */
      readonly runId?: string;
      readonly latencyMs: number;
    }
  | {
      readonly kind: 'agent_failed';
      /** One line. */
      readonly error: string;
      readonly runId?: string;
      readonly latencyMs: number;
      readonly outputs?: Record<string, unknown>;
    }
  | {
      readonly kind: 'unavailable';
      /** One line. */
      readonly error: string;
      /** How long the target asked to be left alone. */
      readonly retryAfterMs?: number;
      readonly latencyMs: number;
    };

/** Options of one call. */
export interface TargetCallOptions {
  /** Aborts the call; it then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** The example's time limit. Passing it is `agent_failed`. */
  readonly timeoutMs: number;
  /** Run id to use, where the target lets the caller choose (graphs in process). Default: a fresh UUIDv7. */
  readonly runId?: string;
}

/** An agent that examples are sent to. */
export interface Target {
  /** As it was given, for example `langserve:http://127.0.0.1:8000/agent`. */
  readonly spec: string;
  /**
   * Calls the agent with the inputs of one example. What the agent or the network does is a result, never a throw.
   *
   * @throws NoVerdictError for answers that mean the target is configured wrongly (401, 403, 404, 405, a redirect), and
   * the signal's reason when it is aborted.
   */
  call(inputs: Record<string, unknown>, options: TargetCallOptions): Promise<TargetResult>;
  /** Looks whether the target is there. Throws NoVerdictError `TARGET_UNREACHABLE` when it is not. */
  check?(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Releases what the target holds and flushes its traces. Idempotent. */
  close(): Promise<void>;
}

/** Options of `createTarget`. */
export interface CreateTargetOptions {
  /** Working directory, absolute: relative files start here, and traces of graphs in process go to its home. */
  readonly cwd: string;
  readonly clock: Clock;
  /** Read for `SLUICE_TARGET_AUTHORIZATION`, `SLUICE_HOME` and, with `NODE_USE_ENV_PROXY=1`, the proxies of Node. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File or folder of cassettes that a graph in process is played on, offline. Default: it runs as it is. */
  readonly cassettes?: string;
}
