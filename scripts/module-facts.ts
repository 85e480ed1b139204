import { parseSync, Visitor } from 'vite';

/** One import or re-export of a module; a type import counts, since it binds as much as any other. */
export interface ModuleImport {
  /** As written, for example `../core/index.ts` or `node:path`. */
  readonly specifier: string;
  readonly line: number;
}

/** A use of the global `process`. */
export interface ProcessUse {
  /** The member, for example `env`; undefined when the object is used whole. */
  readonly member: string | undefined;
  readonly line: number;
}

/** What the import check needs to know of a module. */
export interface ModuleFacts {
  readonly imports: readonly ModuleImport[];
  readonly processUses: readonly ProcessUse[];
  /** Lines of `import(...)` with something other than a string: where it leads cannot be checked. */
  readonly opaqueImportLines: readonly number[];
}

/**
 * Parses a TypeScript module. `file` only tells the parser the language.
 *
 * @throws Error when the source has a syntax error: a file that cannot be read must not pass the check.
 */
export function moduleFacts(file: string, source: string): ModuleFacts {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message ?? 'syntax error'}`);
  const lineOf = (offset: number) => source.slice(0, offset).split('\n').length;
  const imports: ModuleImport[] = [];
  const processUses: ProcessUse[] = [];
  const opaqueImportLines: number[] = [];
  const addImport = (specifier: string, line: number) => {
    imports.push({ specifier, line });
    if (specifier === 'process' || specifier === 'node:process')
      processUses.push({ member: undefined, line });
  };
  const add = (node: { readonly source: { readonly value: string } | null; readonly start: number }) => {
    if (node.source !== null) addImport(node.source.value, lineOf(node.start));
  };
  /** Where an identifier `process` is the name of a property, or the object of a member that is recorded. */
  const accounted = new Set<number>();
  const found: { readonly offset: number; readonly member: string | undefined }[] = [];
  /** Functions with a parameter of that name: inside, it is not the global. */
  const shadows: { readonly start: number; readonly end: number }[] = [];
  const onFunction = (node: {
    readonly params: readonly { readonly type: string }[];
    readonly start: number;
    readonly end: number;
  }) => {
    if (node.params.some((param) => isNamed(param, 'process'))) shadows.push(node);
  };
  new Visitor({
    FunctionDeclaration: onFunction,
    FunctionExpression: onFunction,
    ArrowFunctionExpression: onFunction,
    TSFunctionType: onFunction,
    TSMethodSignature(node) {
      if (!node.computed) accounted.add(node.key.start);
      onFunction(node);
    },
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    TSImportType: add,
    ImportExpression(node) {
      if (node.source.type === 'Literal' && typeof node.source.value === 'string')
        addImport(node.source.value, lineOf(node.start));
      else opaqueImportLines.push(lineOf(node.start));
    },
    MemberExpression(node) {
      if (!node.computed) accounted.add(node.property.start);
      const isGlobalObject = node.object.type === 'Identifier' && node.object.name === 'globalThis';
      if (isGlobalObject && !node.computed && isNamed(node.property, 'process'))
        found.push({ offset: node.start, member: undefined });
      if (!isNamed(node.object, 'process')) return;
      accounted.add(node.object.start);
      found.push({ offset: node.object.start, member: memberName(node) });
    },
    Property(node) {
      if (!node.computed && !node.shorthand) accounted.add(node.key.start);
    },
    PropertyDefinition(node) {
      if (!node.computed) accounted.add(node.key.start);
    },
    MethodDefinition(node) {
      if (!node.computed) accounted.add(node.key.start);
    },
    TSPropertySignature(node) {
      if (!node.computed) accounted.add(node.key.start);
    },
    Identifier(node) {
      // A type query such as `typeof process.env` has no member expression; it is a use all the same.
      if (node.name === 'process' && !accounted.has(node.start))
        found.push({ offset: node.start, member: undefined });
    },
  }).visit(program);
  for (const { offset, member } of found) {
    const isShadowed = shadows.some(({ start, end }) => start <= offset && offset < end);
    if (!isShadowed) processUses.push({ member, line: lineOf(offset) });
  }
  return { imports, processUses, opaqueImportLines };
}

function isNamed(node: { readonly type: string }, name: string): boolean {
  return node.type === 'Identifier' && 'name' in node && node.name === name;
}

function memberName(node: { readonly computed: boolean; readonly property: object }): string | undefined {
  const { property } = node;
  if (!node.computed) return 'name' in property ? String(property.name) : undefined;
  return 'value' in property && typeof property.value === 'string' ? property.value : undefined;
}
