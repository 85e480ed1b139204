// Reads error codes and comments out of the sources: neither can be imported.
import { type ESTree, parseSync, Visitor } from 'vite';

/** A place in the sources that gives a code with its message. */
export interface SourceCode {
  readonly code: string;
  /** The error class it is given to, or `object` for an object or pair that holds code and message. */
  readonly givenTo: 'UsageError' | 'NoVerdictError' | 'object';
  /** As in the source, with `…` for what is filled in. Several where a condition chooses; none where it is made elsewhere. */
  readonly messages: readonly string[];
}

type MaybeNode = ESTree.Node | null | undefined;

const CODE = /^[A-Z]+(_[A-Z]+)+$/;

/**
 * The codes of a module, in the order of its text.
 *
 * @throws Error when the source has a syntax error.
 */
export function sourceCodes(file: string, source: string): readonly SourceCode[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const found: SourceCode[] = [];
  const add = (givenTo: SourceCode['givenTo'], code: MaybeNode, message: MaybeNode) => {
    const [text] = texts(code);
    if (text !== undefined && CODE.test(text)) found.push({ code: text, givenTo, messages: texts(message) });
  };
  new Visitor({
    NewExpression({ callee, arguments: [code, message] }) {
      if (callee.type !== 'Identifier') return;
      if (callee.name === 'UsageError' || callee.name === 'NoVerdictError') add(callee.name, code, message);
    },
    ObjectExpression({ properties }) {
      const member = (name: string) => {
        for (const each of properties)
          if (each.type === 'Property' && each.key.type === 'Identifier' && each.key.name === name)
            return each.value;
        return undefined;
      };
      add('object', member('code'), member('message') ?? member('reason'));
    },
    ArrayExpression({ elements: [code, message, ...more] }) {
      if (more.length === 0 && texts(message).length > 0) add('object', code, message);
    },
  }).visit(program);
  return found;
}

/** The texts that an expression can be: of a string, a template, or a choice between them. */
function texts(node: MaybeNode): readonly string[] {
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : [];
    case 'TemplateLiteral':
      return [node.quasis.map(({ value }) => value.cooked ?? value.raw).join('…')];
    case 'ConditionalExpression':
      return [...texts(node.consequent), ...texts(node.alternate)];
    default:
      return [];
  }
}

/**
 * The TSDoc description of the first exported function of a module: its name, and its text up to the first tag on one line.
 *
 * @throws Error when the module exports no function or the function has no such comment.
 */
export function describedFunction(
  file: string,
  source: string,
): { readonly name: string; readonly text: string } {
  const [head = '', name] = /^[\s\S]*?^export function (\w+)\(/m.exec(source) ?? [];
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export function \w+\($/.exec(head)?.[1];
  if (name === undefined || comment === undefined) throw new Error(`${file}: no documented function.`);
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
  const firstTag = lines.findIndex((line) => line.startsWith('@'));
  const text = lines
    .slice(0, firstTag < 0 ? undefined : firstTag)
    .join(' ')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();
  return { name, text };
}
