/** The signals that ask a process to end. */
type EndSignal = 'SIGTERM' | 'SIGINT';

/** The part of `process` that the lifecycle needs. */
export interface ProcessEvents {
  readonly pid: number;
  on(event: EndSignal | 'beforeExit' | 'exit', listener: () => void): unknown;
  off(event: EndSignal | 'beforeExit' | 'exit', listener: () => void): unknown;
  listeners(event: EndSignal): readonly object[];
  kill(pid: number, signal: EndSignal): unknown;
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

/** Marks a listener as one of this package, also of another copy of it: none of them makes an application of its own. */
const OURS = Symbol.for('sluicegate.process-end');

/**
 * Calls the hooks when the process is asked to stop or has nothing left to do. With a listener of the application's own,
 * ending the process stays its business; without one the signal's default is restored and the signal sent again, so
 * that the process still dies of it. A signal that comes while everything is being written starts nothing anew.
 *
 * @returns Takes the listeners off again.
 */
export function onProcessEnd(process: ProcessEvents, hooks: EndHooks): () => void {
  let isDone = false;
  let draining: Promise<void> | undefined;
  const drain = () => {
    draining ??= hooks.drain().finally(() => {
      draining = undefined;
    });
    return draining;
  };
  const beforeExit = () => {
    // Work scheduled here keeps the loop alive and brings another beforeExit: once is enough.
    if (isDone) return;
    isDone = true;
    void drain();
  };
  const signalListener = (signal: EndSignal) => {
    const onSignal = () => {
      if (process.listeners(signal).some((listener) => !(OURS in listener))) {
        void hooks.flush();
        return;
      }
      void drain().then(() => {
        process.off(signal, onSignal);
        process.kill(process.pid, signal);
      });
    };
    return Object.assign(onSignal, { [OURS]: true });
  };
  const onTerm = signalListener('SIGTERM');
  const onInt = signalListener('SIGINT');
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
