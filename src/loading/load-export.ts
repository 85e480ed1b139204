import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorMessage, hasErrorCode, isRecord, SluiceError, UsageError } from '../core/index.ts';
import { compilerProblem, locationSuffix } from './error-location.ts';
import { type ModuleRef, parseModuleRef } from './module-ref.ts';
import { nativeImport } from './native-import.ts';
import { enableTypeScript } from './typescript.ts';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts', '.tsx']);
const JAVASCRIPT = new Set(['.js', '.mjs', '.cjs']);

/** Options of {@link loadExport}. */
export interface LoadOptions {
  /** Where relative files start; absolute. */
  readonly cwd: string;
}

/**
 * Imports a module of the user's project and returns one of its exports. JavaScript is imported by Node; TypeScript too,
 * through the hooks of tsx. Packages resolve from the module's own folder, so it gets the project's own LangGraph. A module
 * that is loaded twice is one module.
 *
 * @param ref `./file.ts#export`, or the default export of `./file.ts`.
 * @throws UsageError `MODULE_REF_INVALID`, `MODULE_NOT_FOUND` (the file), `MODULE_LOAD_FAILED` (it threw or could not be
 * compiled, with file and line) or `EXPORT_NOT_FOUND` (naming the exports there are); a SluiceError that the module itself
 * threw.
 */
export async function loadExport(ref: string | ModuleRef, { cwd }: LoadOptions): Promise<unknown> {
  const { file, exportName } = typeof ref === 'string' ? parseModuleRef(ref) : ref;
  const path = resolve(cwd, file);
  await requireModuleFile(path, file);
  const exported = exportsOf(await importModule(path, file, cwd));
  if (!exported.has(exportName)) throw exportNotFound(file, exportName, [...exported.keys()]);
  return exported.get(exportName);
}

async function requireModuleFile(path: string, file: string): Promise<void> {
  const extension = extname(path);
  if (!TYPESCRIPT.has(extension) && !JAVASCRIPT.has(extension)) {
    const [, beforeColon, name] = /^(.+\.[cm]?[jt]sx?):([\w$]+)$/.exec(file) ?? [];
    throw new UsageError('MODULE_REF_INVALID', `${file} is not a JavaScript or TypeScript file.`, {
      hint:
        beforeColon === undefined
          ? 'Write the file and the export: ./agent.ts#graph'
          : `Write ${beforeColon}#${name}`,
    });
  }
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ENOTDIR')) {
      throw new UsageError('MODULE_NOT_FOUND', `There is no file ${file}.`, {
        hint: `Looked for ${path}.`,
        cause: error,
      });
    }
    throw new UsageError('MODULE_LOAD_FAILED', `${file} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  if (!isFile) throw new UsageError('MODULE_NOT_FOUND', `${file} is a folder, not a module.`);
}

async function importModule(path: string, file: string, cwd: string): Promise<object> {
  try {
    if (TYPESCRIPT.has(extname(path))) await enableTypeScript(path);
    return await nativeImport(pathToFileURL(path).href);
  } catch (thrown) {
    // A file that refuses its own contents already says so better than "it threw" does.
    if (thrown instanceof SluiceError) throw thrown;
    const message = `${file} failed to load: ${firstLine(thrown)}${locationSuffix(thrown, cwd)}`;
    throw new UsageError('MODULE_LOAD_FAILED', message, { cause: thrown, hint: loadHint(thrown, file) });
  }
}

/** Compilers and Node's resolver put a code frame or an import stack under their first line. */
function firstLine(thrown: unknown): string {
  const problem = compilerProblem(thrown);
  if (problem !== undefined) return problem.text;
  if (hasErrorCode(thrown, 'MODULE_NOT_FOUND')) return errorMessage(thrown).replace(/ Require stack:.*$/, '');
  return errorMessage(thrown);
}

function loadHint(thrown: unknown, file: string): string | undefined {
  // Node keeps the place of a syntax error in JavaScript to itself, for the report of an uncaught one.
  if (thrown instanceof SyntaxError)
    return `node --check ${file} shows the line, unless it is in a file that this one imports.`;
  if (!hasErrorCode(thrown, 'ERR_MODULE_NOT_FOUND') && !hasErrorCode(thrown, 'MODULE_NOT_FOUND'))
    return undefined;
  const [, name] =
    /Cannot find (?:package|module) '((?:@[\w.-]+\/)?[\w-][\w.-]*)'/.exec(errorMessage(thrown)) ?? [];
  return name === undefined ? undefined : `Install it where the module is: npm install ${name}`;
}

/**
 * The exports by name. A CommonJS module compiled from TypeScript (`__esModule`) is Node's `default` as a whole, and Node
 * before 23 sees nothing else of it.
 */
function exportsOf(module: object): ReadonlyMap<string, unknown> {
  const { 'module.exports': _commonJs, ...named } = { ...module } as Record<string, unknown>;
  const inner = named['default'];
  if (!isRecord(inner) || inner['__esModule'] !== true) return new Map(Object.entries(named));
  const { default: _interop, ...visible } = named;
  return new Map(Object.entries({ ...visible, ...inner }));
}

function exportNotFound(file: string, exportName: string, names: readonly string[]): UsageError {
  const wanted = exportName === 'default' ? 'default export' : `export ${JSON.stringify(exportName)}`;
  if (names.length === 0)
    return new UsageError('EXPORT_NOT_FOUND', `${file} has no ${wanted}: it exports nothing.`);
  return new UsageError('EXPORT_NOT_FOUND', `${file} has no ${wanted}; it exports ${names.join(', ')}.`, {
    hint: `Name one of them, for example ${file}#${names[0]}`,
  });
}
