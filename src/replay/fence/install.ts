import { syncBuiltinESMExports } from 'node:module';
import { type Fence, withFence } from './fence.ts';
import { hookHttp, hookLookups, hookProcesses, hookSockets } from './node-hooks.ts';
import { hookDispatcher, hookUndiciRequests } from './undici-hooks.ts';

/** Runs something inside of a fence, and puts the fence's hooks in place where they are not yet. */
export function runInFence<Result>(fence: Fence, work: () => Result): Result {
  installHooks();
  return withFence(fence, work);
}

let removers: readonly (() => void)[] | undefined;

/**
 * Puts the hooks of the fence into Node.js, once per process. Outside of a fence each costs one look at the asynchronous
 * context. They stay: what a replay leaves running must not get out when the replay has ended.
 */
function installHooks(): void {
  if (removers === undefined) {
    removers = [hookSockets(), hookHttp(), hookLookups(), hookProcesses(), hookUndiciRequests()];
    // Modules that import these functions by name see the replaced ones from here on.
    syncBuiltinESMExports();
  }
  // Programs set a dispatcher of their own at any time.
  hookDispatcher();
}

/** Takes the hooks out again. What an earlier replay has left running is not fenced any more. */
export function removeHooks(): void {
  for (const remove of removers ?? []) remove();
  removers = undefined;
  syncBuiltinESMExports();
}
