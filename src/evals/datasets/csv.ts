import { CsvError, type Info, parse } from 'csv-parse/sync';
import { errorMessage, isRecord } from '../../core/index.ts';
import type { FormatIssue, RawExample, Reading } from './raw-example.ts';
import { wholeText } from './text-lines.ts';

const GROUPS = ['inputs', 'outputs', 'metadata'];
const COLUMNS_TEXT = 'id, inputs.<name>, outputs.<name>, metadata.<name>, split and critical';

interface Row {
  readonly record: readonly string[];
  readonly info: Info;
}

interface Column {
  /** Where its cells go, for example `['inputs', 'question']`. */
  readonly path: readonly string[];
  readonly name: string;
  readonly index: number;
}

/**
 * Reads CSV with a header. Columns: `id`; `inputs.<name>`, `outputs.<name>` and `metadata.<name>`, where dots go deeper,
 * or `inputs`, `outputs`, `metadata` with a JSON object; `split`, several joined by `|`; `critical`, true or false. An
 * empty cell is absent. Cells are text, also digits; `true` and `false` are booleans, and a cell that begins with `{` or
 * `[` is JSON.
 */
export function readCsv(bytes: Buffer): Reading {
  const whole = wholeText(bytes);
  if ('issues' in whole) return { examples: [], issues: whole.issues };
  let rows: readonly Row[];
  try {
    rows = parse(whole.text, {
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as Row[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : 1;
    return { examples: [], issues: [{ line, message: `is not valid CSV: ${errorMessage(error)}` }] };
  }
  const [header, ...body] = rows;
  if (header === undefined) return { examples: [], issues: [] };
  const { columns, issues } = readHeader(header);
  if (issues.length > 0) return { examples: [], issues };
  const examples: RawExample[] = [];
  const found: FormatIssue[] = [];
  for (const row of body) {
    const line = firstLine(row);
    if (row.record.length !== header.record.length) {
      const message = `has ${row.record.length} cells; the header has ${header.record.length}`;
      found.push({ line, message });
      continue;
    }
    const { value, problems } = readRow(columns, row.record);
    if (problems.length > 0) found.push(...problems.map((problem) => ({ line, ...problem })));
    else examples.push({ value, line, lineOf: () => line });
  }
  return { examples, issues: found };
}

/** The parser counts lines at the end of a record; quoted cells may have several. */
function firstLine({ record, info }: Row): number {
  return info.lines - record.reduce((count, cell) => count + cell.split('\n').length - 1, 0);
}

function readHeader(header: Row): { readonly columns: readonly Column[]; readonly issues: FormatIssue[] } {
  const line = firstLine(header);
  const issues: FormatIssue[] = [];
  const columns: Column[] = [];
  for (const [index, cell] of header.record.entries()) {
    const name = cell.trim();
    const path = name.split('.');
    const isKnown = GROUPS.includes(path[0] ?? '')
      ? !path.includes('')
      : ['id', 'split', 'critical'].includes(name);
    if (!isKnown) {
      issues.push({ line, field: name, message: `unknown column; the columns are ${COLUMNS_TEXT}` });
      continue;
    }
    const clash = columns.find((other) => isWithin(other.path, path) || isWithin(path, other.path));
    if (clash !== undefined) {
      const message = clash.name === name ? 'the column is there twice' : `clashes with column ${clash.name}`;
      issues.push({ line, field: name, message });
    }
    columns.push({ path, name, index });
  }
  if (!columns.some(({ name }) => name === 'id')) {
    issues.push({ line, field: 'id', message: 'the column is missing' });
  }
  return { columns, issues };
}

/** Whether the path `inner` is `outer` or lies in it. */
function isWithin(outer: readonly string[], inner: readonly string[]): boolean {
  return outer.every((part, index) => inner[index] === part);
}

function readRow(columns: readonly Column[], record: readonly string[]) {
  const value: Record<string, unknown> = { inputs: {} };
  const problems: Omit<FormatIssue, 'line'>[] = [];
  for (const { path, name, index } of columns) {
    const cell = record[index] ?? '';
    if (cell.trim() === '') continue;
    const read = readCell(name, cell);
    if ('problem' in read) problems.push({ field: name, message: read.problem });
    else setAt(value, path, read.value);
  }
  return { value, problems };
}

function readCell(name: string, cell: string): { readonly value: unknown } | { readonly problem: string } {
  const text = cell.trim();
  if (name === 'id') return { value: text };
  if (name === 'split') {
    const splits = text.split('|').map((split) => split.trim());
    return { value: splits.length === 1 ? splits[0] : splits };
  }
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  if (name === 'critical') return { problem: `must be true or false, not ${JSON.stringify(text)}` };
  if (!GROUPS.includes(name) && !/^[{[]/.test(text)) return { value: cell };
  try {
    const value: unknown = JSON.parse(text);
    if (GROUPS.includes(name) && !isRecord(value)) return { problem: 'must be a JSON object' };
    return { value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { problem: `is not valid JSON: ${errorMessage(error)}` };
  }
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let record = target;
  for (const part of path.slice(0, -1)) {
    const inner = Object.hasOwn(record, part) ? record[part] : undefined;
    if (isRecord(inner)) {
      record = inner;
    } else {
      const made: Record<string, unknown> = {};
      define(record, part, made);
      record = made;
    }
  }
  define(record, path.at(-1) ?? '', value);
}

/** Assignment to `__proto__` would replace the prototype instead of adding a field. */
function define(record: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
}
