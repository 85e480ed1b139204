import { access, readFile } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { errorMessage, hasErrorCode, UsageError } from '../../core/index.ts';
import { loadExport } from '../../loading/index.ts';
import { parseConfig } from './parse-config.ts';
import type { Suite } from './schema.ts';

/** The names a configuration file may have, in the working directory. */
export const CONFIG_FILES = [
  'sluice.config.ts',
  'sluice.config.js',
  'sluice.config.mjs',
  'sluice.config.json',
  'sluice.config.yaml',
] as const;

const MINIMAL = `Write sluice.config.ts: import { defineConfig } from 'sluicegate/evals'; export default defineConfig({ suites: [{ name: 'support', dataset: 'datasets/support.jsonl', target: 'langserve:http://127.0.0.1:8000/agent', evaluators: ['has_resolution'] }] });`;

/** A configuration that was read. */
export interface LoadedConfig {
  /** As errors call it. */
  readonly file: string;
  readonly suites: readonly Suite[];
}

/**
 * Finds, loads and parses the configuration: `path` where it is given, else the one file of {@link CONFIG_FILES} in the
 * working directory. TypeScript and JavaScript files give it as their default export.
 *
 * @throws UsageError `CONFIG_MISSING`, `CONFIG_AMBIGUOUS` (several files), `CONFIG_INVALID` (naming file and path), and
 * what loading a module throws.
 */
export async function loadConfig(options: {
  readonly cwd: string;
  readonly path?: string | undefined;
}): Promise<LoadedConfig> {
  const { cwd, path } = options;
  const file = path ?? (await findConfig(cwd));
  return { file, suites: parseConfig(await readConfig(file, cwd, path !== undefined), file) };
}

async function findConfig(cwd: string): Promise<string> {
  const found: string[] = [];
  for (const name of CONFIG_FILES) if (await exists(resolve(cwd, name))) found.push(name);
  const [only, other] = found;
  if (only === undefined)
    throw new UsageError('CONFIG_MISSING', `There is no sluice.config.ts in ${cwd}.`, { hint: MINIMAL });
  if (other !== undefined)
    throw new UsageError('CONFIG_AMBIGUOUS', `There are several configurations: ${found.join(', ')}.`, {
      hint: 'Keep one, or choose with --config.',
    });
  return only;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false;
    throw new UsageError('CONFIG_UNREADABLE', errorMessage(error), { cause: error });
  }
}

async function readConfig(file: string, cwd: string, given: boolean): Promise<unknown> {
  switch (extname(basename(file))) {
    case '.json':
      return parseJson(await readText(file, cwd, given), file);
    case '.yaml':
    case '.yml':
      return parseYaml(await readText(file, cwd, given), file);
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      // The loader's own error would speak of a module; the user gave a flag.
      if (given && !(await exists(resolve(cwd, file)))) throw missing(file);
      return loadExport({ file, exportName: 'default' }, { cwd });
    default:
      throw new UsageError(
        'CONFIG_INVALID',
        `${file}: a configuration is a .ts, .js, .mjs, .json or .yaml file.`,
      );
  }
}

async function readText(file: string, cwd: string, given: boolean): Promise<string> {
  try {
    return (await readFile(resolve(cwd, file), 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (given && hasErrorCode(error, 'ENOENT')) throw missing(file);
    throw new UsageError('CONFIG_UNREADABLE', `${file}: ${errorMessage(error)}`, { cause: error });
  }
}

function missing(file: string): UsageError {
  return new UsageError('CONFIG_MISSING', `--config: there is no file ${file}.`);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError('CONFIG_INVALID', `${file}: not valid JSON: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

function parseYaml(text: string, file: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const { line } = lineCounter.linePos(problem.pos[0]);
    throw new UsageError('CONFIG_INVALID', `${file}:${line}: ${errorMessage(problem)}`, { cause: problem });
  }
  return document.toJS({ maxAliasCount: 100 });
}
