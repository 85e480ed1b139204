import {
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';
import { errorMessage } from '../../core/index.ts';
import type { FormatIssue, RawExample, Reading } from './raw-example.ts';
import { wholeText } from './text-lines.ts';

/** Reads YAML or JSON: a list of examples, or a map whose only key `examples` holds one. */
export function readYaml(bytes: Buffer): Reading {
  const whole = wholeText(bytes);
  if ('issues' in whole) return { examples: [], issues: whole.issues };
  const lines = new LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const documents = parseAllDocuments(whole.text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  if (!Array.isArray(documents) || documents[0] === undefined) return { examples: [], issues: [] };
  const [document, second] = documents;
  const issues: FormatIssue[] = documents.flatMap((each) =>
    [...each.errors, ...each.warnings].map((error) => ({
      line: lineAt(error.pos[0]),
      message: `is not valid YAML: ${errorMessage(error)}`,
    })),
  );
  if (second !== undefined) {
    const line = lineAt(second.contents?.range?.[0] ?? 0);
    issues.push({ line, message: 'begins a second document; put all examples in one list' });
  }
  if (issues.length > 0) return { examples: [], issues };

  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return { examples: [], issues };
  const list = isMap(root) && root.items.length === 1 ? root.get('examples', true) : root;
  if (!isSeq(list)) {
    const message = 'must be a list of examples, or a map with the one key examples and a list in it';
    return { examples: [], issues: [{ line: lineAt(root.range?.[0] ?? 0), message }] };
  }
  const examples: RawExample[] = [];
  for (const item of list.items) {
    const node = isNode(item) ? item : undefined;
    const line = lineAt(node?.range?.[0] ?? list.range?.[0] ?? 0);
    try {
      const value: unknown = node?.toJS(document, { maxAliasCount: 100 });
      examples.push({
        value,
        line,
        lineOf: (path) => (node === undefined ? line : lineAt(offsetOf(node, path))),
      });
    } catch (error) {
      // Aliases of aliases that would unfold into more than memory holds.
      if (!(error instanceof ReferenceError)) throw error;
      issues.push({ line, message: `is not valid YAML: ${errorMessage(error)}` });
    }
  }
  return { examples, issues };
}

/** Where the value at a path begins: its key's offset in a map. Stops at the last part that there is. */
function offsetOf(node: Node, path: readonly PropertyKey[]): number {
  let current: Node = node;
  let offset = node.range?.[0] ?? 0;
  for (const part of path) {
    if (!isCollection(current)) break;
    if (isMap(current)) {
      const pair = current.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      if (!isNode(pair.value)) break;
      current = pair.value;
    } else {
      const item: unknown = current.items[Number(part)];
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      current = item;
    }
  }
  return offset;
}
