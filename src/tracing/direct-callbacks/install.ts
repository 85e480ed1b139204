import { createHash } from 'node:crypto';
import * as managerModule from '@langchain/core/callbacks/manager';
import { isRecord } from '../../core/index.ts';
import { loadedCommonJs } from '../loaded-commonjs.ts';
import { type ConfigureArguments, configureDirectly } from './configure-directly.ts';
import { directManagers, type ManagerClasses } from './direct-manager.ts';

/**
 * Digests of the sources of {@link ManagerClasses}, of the builds of @langchain/core that these classes were written and
 * tested against: as modules and as CommonJS. A build that is not among them is left alone, which costs time and nothing else.
 */
const KNOWN_SOURCES: ReadonlySet<string> = new Set([
  // 1.4.0
  '4054ac5401f271b354664c6ab0438398023f3c7fc3c6ceeeefce3e112bfa9a23',
  '840151b06fd16e023f399e0aaccbeea6197afe7651138ecdbbaa5bbb50481dac',
]);

const MANAGER_FILE = /@langchain[\\/]core[\\/]dist[\\/]callbacks[\\/]manager\.cjs$/;
/** Whether the builds that have been seen are called directly, by their callback manager. */
const builds = new WeakMap<object, boolean>();

/**
 * From now on the callbacks of traced graphs are configured and called directly where they can be. Nothing changes for other
 * graphs and other handlers. Called before each graph is traced, because another build of LangChain may have been loaded.
 */
export function useDirectCallbacks(): void {
  useIn(managerModule);
  for (const build of loadedCommonJs(MANAGER_FILE)) if (isBuild(build)) useIn(build);
}

/** Whether that is so, or will be, with the installed @langchain/core. */
export function canUseDirectCallbacks(): boolean {
  return builds.get(managerModule.CallbackManager) ?? isKnownBuild(managerModule);
}

/** Whether a build is one of those that are known, and nobody has changed its classes. */
export function isKnownBuild(build: ManagerClasses): boolean {
  const classes = [build.CallbackManager, build.CallbackManagerForChainRun, build.CallbackManagerForLLMRun];
  const sources = classes.map(String);
  if (!KNOWN_SOURCES.has(createHash('sha256').update(sources.join('\n')).digest('hex'))) return false;
  return classes.every((made, index) => isAsWritten(made, sources[index] ?? ''));
}

function useIn(build: ManagerClasses): void {
  const { CallbackManager } = build;
  if (builds.has(CallbackManager)) return;
  const isKnown = isKnownBuild(build);
  builds.set(CallbackManager, isKnown);
  if (!isKnown) return;
  const managers = directManagers(build);
  const configure = CallbackManager._configureSync;
  CallbackManager._configureSync = function configureOrDirectly(...args: ConfigureArguments) {
    return configureDirectly(build, managers, args) ?? configure.apply(this, args);
  };
}

/** Another tool may have wrapped a method, to see what goes through it. */
function isAsWritten(made: { readonly prototype: object }, source: string): boolean {
  return [made, made.prototype].every((holder) =>
    Object.values(Object.getOwnPropertyDescriptors(holder))
      .flatMap(({ value, get, set }) => [value, get, set])
      .every((member) => typeof member !== 'function' || source.includes(String(member))),
  );
}

function isBuild(exported: unknown): exported is ManagerClasses {
  return isRecord(exported) && typeof exported['CallbackManager'] === 'function';
}
