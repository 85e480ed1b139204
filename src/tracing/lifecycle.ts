/** The part of `process` that the lifecycle needs. */
export interface ProcessEvents {
  readonly pid: number;
  on(event: 'SIGTERM' | 'SIGINT' | 'beforeExit' | 'exit', listener: () => void): unknown;
  off(event: 'SIGTERM' | 'SIGINT' | 'beforeExit' | 'exit', listener: () => void): unknown;
  listenerCount(event: 'SIGTERM' | 'SIGINT'): number;
  kill(pid: number, signal: 'SIGTERM' | 'SIGINT'): unknown;
}

/** What to do when the process is about to end. None may reject or throw. */
export interface EndHooks {
  /** Writes what is finished: the application has a listener of its own and may be letting its runs finish. */
  readonly flush: () => Promise<void>;
  /** Writes everything, runs under way as well: nothing of this process goes on. */
  readonly drain: () => Promise<void>;
  /** Brings to the disk what is decided: `process.exit` was called, and no other turn of the event loop will come. */
  readonly persist: () => void;
}

/**
 * Calls the hooks when the process is asked to stop or has nothing left to do. With a listener of the application's own,
 * ending the process stays its business; without one the signal's default is restored and the signal sent again, so
 * that the process still dies of it.
 *
 * @returns Takes the listeners off again.
 */
export function onProcessEnd(process: ProcessEvents, hooks: EndHooks): () => void {
  let drained = false;
  const beforeExit = () => {
    // Work scheduled here keeps the loop alive and brings another beforeExit: once is enough.
    if (drained) return;
    drained = true;
    void hooks.drain();
  };
  const onSignal = (signal: 'SIGTERM' | 'SIGINT', own: () => void) => {
    if (process.listenerCount(signal) > 1) {
      void hooks.flush();
      return;
    }
    void hooks.drain().then(() => {
      process.off(signal, own);
      process.kill(process.pid, signal);
    });
  };
  const onTerm = () => onSignal('SIGTERM', onTerm);
  const onInt = () => onSignal('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  process.on('SIGINT', onInt);
  process.on('beforeExit', beforeExit);
  process.on('exit', hooks.persist);
  return () => {
    process.off('SIGTERM', onTerm);
    process.off('SIGINT', onInt);
    process.off('beforeExit', beforeExit);
    process.off('exit', hooks.persist);
  };
}
