import { dirname, join } from 'node:path/posix';
import {
  FREE_PROCESS_MEMBERS,
  IMPORT_RULES,
  type ImportRule,
  OPAQUE_IMPORT_FILES,
  OPEN_FILES,
  PROCESS_FILES,
} from './import-rules.ts';
import type { ModuleFacts } from './module-facts.ts';

/** The modules of a repository by their path in it, with `/` between folders. */
export type Modules = ReadonlyMap<string, ModuleFacts>;

/** A place that breaks a rule. */
export interface Violation {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** An import with what it leads to: a path of the repository, a package name or a `node:` module. */
interface Edge {
  readonly target: string;
  readonly line: number;
}

/** Every place of the modules that breaks a rule, in the order of files and lines. Pure. */
export function findViolations(modules: Modules): readonly Violation[] {
  const edges = new Map<string, readonly Edge[]>();
  for (const [file, { imports }] of modules)
    edges.set(
      file,
      imports.map(({ specifier, line }) => ({ target: targetOf(file, specifier), line })),
    );
  const violations = [...modules].flatMap(([file, facts]) => [
    ...brokenDirections(file, edges.get(file) ?? []),
    ...unreachedIndexes(file, edges.get(file) ?? [], modules),
    ...unresolvedImports(file, edges.get(file) ?? [], modules),
    ...hiddenImports(file, facts),
    ...processUses(file, facts),
  ]);
  return [...violations, ...brokenReaches(edges), ...idleRules(modules), ...folderCycles(edges)].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.rule, b.rule),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return join(dirname(file), specifier);
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function covers(pattern: string, path: string): boolean {
  if (pattern === 'node:*') return path.startsWith('node:');
  return pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern;
}

function coversAny(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => covers(pattern, path));
}

function holdsFor(rule: ImportRule, file: string): boolean {
  return coversAny(rule.holdsFor, file) && !coversAny(Object.keys(rule.except ?? {}), file);
}

function breaks(rule: ImportRule, target: string): boolean {
  if (rule.only !== undefined && !coversAny(rule.only, target)) return true;
  return rule.never !== undefined && coversAny(rule.never, target);
}

function brokenDirections(file: string, edges: readonly Edge[]): Violation[] {
  const rules = IMPORT_RULES.filter((rule) => rule.transitive !== true && holdsFor(rule, file));
  return edges.flatMap(({ target, line }) => {
    const rule = rules.find((candidate) => breaks(candidate, target));
    return rule === undefined
      ? []
      : [{ rule: rule.id, file, line, message: `imports ${target}: ${rule.says}` }];
  });
}

function brokenReaches(edges: ReadonlyMap<string, readonly Edge[]>): Violation[] {
  return IMPORT_RULES.filter((rule) => rule.transitive === true).flatMap((rule) =>
    [...edges.keys()]
      .filter((file) => holdsFor(rule, file))
      .flatMap((entry) => {
        const way = wayTo(entry, edges, (target) => breaks(rule, target));
        return way === undefined
          ? []
          : [{ rule: rule.id, file: entry, line: 1, message: `reaches ${way.join(' -> ')}: ${rule.says}` }];
      }),
  );
}

/** The shortest way along the imports from a module to a target that matches; without the module itself. */
function wayTo(
  entry: string,
  edges: ReadonlyMap<string, readonly Edge[]>,
  matches: (target: string) => boolean,
): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[]];
  const seen = new Set([entry]);
  for (const way of ways) {
    for (const { target } of edges.get(way.at(-1) ?? entry) ?? []) {
      if (seen.has(target)) continue;
      seen.add(target);
      if (matches(target)) return [...way, target];
      ways.push([...way, target]);
    }
  }
  return undefined;
}

/** A folder with an index is entered through it, except by what lies inside the folder itself. */
function unreachedIndexes(file: string, edges: readonly Edge[], modules: Modules): Violation[] {
  return edges.flatMap(({ target, line }) => {
    if (!file.startsWith('src/') || !modules.has(target) || target in OPEN_FILES) return [];
    const folder = dirname(target);
    const isInside = file.startsWith(`${folder}/`);
    const isIndex = target === `${folder}/index.ts`;
    if (isInside || isIndex || !modules.has(`${folder}/index.ts`)) return [];
    return [{ rule: 'index', file, line, message: `imports ${target}: import ${folder}/index.ts instead.` }];
  });
}

/** A target that does not exist is a typing error; unchecked, it would count as no import at all. */
function unresolvedImports(file: string, edges: readonly Edge[], modules: Modules): Violation[] {
  return edges
    .filter(({ target }) => /\.[cm]?[jt]s$/.test(target) && target.includes('/') && !modules.has(target))
    .map(({ target, line }) => ({
      rule: 'unresolved',
      file,
      line,
      message: `imports ${target}, which is not among the checked files.`,
    }));
}

function hiddenImports(file: string, { opaqueImportLines }: ModuleFacts): Violation[] {
  if (!file.startsWith('src/') || file in OPAQUE_IMPORT_FILES) return [];
  return opaqueImportLines.map((line) => ({
    rule: 'opaque-import',
    file,
    line,
    message: 'imports something other than a literal path, which no check can follow.',
  }));
}

function processUses(file: string, facts: ModuleFacts): Violation[] {
  const allowed = PROCESS_FILES[file]?.members ?? [];
  if (!file.startsWith('src/') || allowed === 'all') return [];
  return facts.processUses
    .filter(({ member }) => member === undefined || ![...FREE_PROCESS_MEMBERS, ...allowed].includes(member))
    .map(({ member, line }) => ({
      rule: 'process',
      file,
      line,
      message: `uses process${member === undefined ? '' : `.${member}`}: take it as a parameter; PROCESS_FILES in import-rules.ts has the exceptions.`,
    }));
}

/** A rule or an exception for files that no longer exist would go on looking like a guard. */
function idleRules(modules: Modules): Violation[] {
  const files = [...modules.keys()];
  const patterns: (readonly [rule: string, pattern: string])[] = [
    ...IMPORT_RULES.filter((rule) => rule.planned !== true).flatMap((rule) =>
      [...rule.holdsFor, ...Object.keys(rule.except ?? {})].map((pattern) => [rule.id, pattern] as const),
    ),
    ...Object.keys(OPEN_FILES).map((pattern) => ['index', pattern] as const),
    ...Object.keys(PROCESS_FILES).map((pattern) => ['process', pattern] as const),
    ...Object.keys(OPAQUE_IMPORT_FILES).map((pattern) => ['opaque-import', pattern] as const),
  ];
  return patterns
    .filter(([, pattern]) => !files.some((file) => covers(pattern, file)))
    .map(([rule, pattern]) => ({
      rule: 'idle',
      file: 'scripts/import-rules.ts',
      line: 1,
      message: `the rule "${rule}" names ${pattern}, which matches no file.`,
    }));
}

/** Folders beside each other must not import each other in a circle; type imports count. */
function folderCycles(edges: ReadonlyMap<string, readonly Edge[]>): Violation[] {
  const folderEdges = new Map<string, Edge[]>();
  const example = new Map<string, string>();
  for (const [file, targets] of edges) {
    for (const { target, line } of targets) {
      const [from, to] = siblings(file, target);
      if (from === undefined || to === undefined || example.has(`${from} ${to}`)) continue;
      example.set(`${from} ${to}`, `${file}:${line}`);
      folderEdges.set(from, [...(folderEdges.get(from) ?? []), { target: to, line }]);
    }
  }
  const violations: Violation[] = [];
  const reported = new Set<string>();
  for (const folder of [...folderEdges.keys()].sort()) {
    const way = wayBack(folder, folderEdges);
    const members = way === undefined ? '' : [...way].sort().join(' ');
    if (way === undefined || reported.has(members)) continue;
    reported.add(members);
    const steps = [folder, ...way]
      .slice(1)
      .map((to, index) => example.get(`${[folder, ...way][index]} ${to}`));
    const [file = folder, line = '1'] = steps[0]?.split(':') ?? [];
    violations.push({
      rule: 'cycle',
      file,
      line: Number(line),
      message: `folders import each other in a circle: ${[folder, ...way].join(' -> ')} (${steps.join(', ')}).`,
    });
  }
  return violations;
}

function wayBack(folder: string, edges: ReadonlyMap<string, readonly Edge[]>): readonly string[] | undefined {
  for (const { target } of edges.get(folder) ?? []) {
    if (target === folder) return [folder];
    const way = wayTo(target, edges, (next) => next === folder);
    if (way !== undefined) return [target, ...way];
  }
  return undefined;
}

/** The folders in which two files part, when both lie in one: `src/evals/gate` and `src/evals/runner`. */
function siblings(file: string, target: string): readonly [string, string] | readonly [] {
  if (!file.startsWith('src/') || !target.startsWith('src/')) return [];
  const from = file.split('/');
  const to = target.split('/');
  const depth = from.findIndex((part, index) => part !== to[index]);
  if (depth < 0 || depth >= from.length - 1 || depth >= to.length - 1) return [];
  return [from.slice(0, depth + 1).join('/'), to.slice(0, depth + 1).join('/')];
}
