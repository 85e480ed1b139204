import { createRequire } from 'node:module';
import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import * as esm from '@langchain/core/callbacks/manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ManagerClasses } from './direct-manager.ts';

const commonJs = createRequire(import.meta.url)('@langchain/core/callbacks/manager') as ManagerClasses;

const builds = [
  ['modules', esm],
  ['CommonJS', commonJs],
] as const;

/** Anew, as in a process in which no graph has been traced yet. */
async function freshProcess() {
  vi.resetModules();
  const { DIRECT } = await import('./direct-handler.ts');
  class Direct extends BaseCallbackHandler {
    readonly [DIRECT] = true;
    override name = 'langchain_tracer';
  }
  const configured = ({ CallbackManager }: ManagerClasses) => {
    const handlers = [new Direct()];
    const given = new CallbackManager('parent', { handlers, inheritableHandlers: handlers });
    return CallbackManager._configureSync(given);
  };
  return { ...(await import('./install.ts')), configured };
}

const unchanged = builds.map(([, { CallbackManager }]) => ({
  CallbackManager,
  _configureSync: CallbackManager._configureSync,
}));
beforeEach(restore);
afterEach(restore);

function restore() {
  for (const { CallbackManager, _configureSync } of unchanged)
    Object.assign(CallbackManager, { _configureSync });
}

describe('useDirectCallbacks', () => {
  // Goes red with a new @langchain/core: compare its callbacks/manager.js with the last known one, then add the new digest.
  it.each(builds)('knows the installed build of @langchain/core as %s', async (_format, build) => {
    const { isKnownBuild } = await freshProcess();
    expect(isKnownBuild(build)).toBe(true);
  });

  it.each(builds)('configures callbacks directly in the build as %s', async (_format, build) => {
    const { canUseDirectCallbacks, useDirectCallbacks, configured } = await freshProcess();
    expect(configured(build)?.constructor).toBe(build.CallbackManager);
    expect(canUseDirectCallbacks()).toBe(true);
    useDirectCallbacks();
    useDirectCallbacks();
    expect(canUseDirectCallbacks()).toBe(true);
    expect(configured(build)).toBeInstanceOf(build.CallbackManager);
    expect(configured(build)?.constructor).not.toBe(build.CallbackManager);
  });

  it('leaves a build alone in which somebody has wrapped what configures callbacks', async () => {
    const { CallbackManager } = esm;
    const calls: unknown[][] = [];
    const configure = CallbackManager._configureSync;
    CallbackManager._configureSync = function wrapped(...args) {
      calls.push(args);
      return configure.apply(this, args);
    };
    const { canUseDirectCallbacks, useDirectCallbacks, configured } = await freshProcess();
    useDirectCallbacks();
    expect(canUseDirectCallbacks()).toBe(false);
    expect(configured(esm)?.constructor).toBe(CallbackManager);
    expect(calls).toHaveLength(1);
  });

  it('leaves a build alone whose sources it does not know', async () => {
    class Newer extends esm.CallbackManager {}
    const build = { ...esm, CallbackManager: Newer };
    const { isKnownBuild } = await freshProcess();
    expect(isKnownBuild(build)).toBe(false);
  });
});
