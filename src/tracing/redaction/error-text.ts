import { isRecord, type SpanError } from '../../core/index.ts';
import { REDACTION_LOOKAHEAD, type Redaction } from './redaction.ts';

/** Stands for a message that may repeat what is hidden. */
export const HIDDEN_MESSAGE = '[hidden]';

/** Causes and errors of an AggregateError that are written, together. */
const MAX_INNER = 10;
/** Of a name that is a label. */
const MAX_NAME = 256;

/** How an error is written down. */
export interface ErrorTextOptions {
  readonly redaction: Redaction;
  /** Leave out every message, of the error and its causes; their types and stack frames stay. */
  readonly hideMessages: boolean;
  /** Limit of each text, in characters. */
  readonly maxText: number;
  /** Writes down something thrown that is no error. */
  readonly describe: (thrown: unknown) => string;
}

/** An error as it is recorded: name, message, and a stack that ends with those of its causes and inner
 * errors. Never throws. */
export function errorText(thrown: unknown, options: ErrorTextOptions): SpanError {
  if (!(thrown instanceof Error)) {
    return { name: typeof thrown, message: messageOf(thrown, options) };
  }
  const stack = stackWithCauses(thrown, options);
  return {
    name: nameOf(thrown, options),
    message: messageOf(thrown, options),
    ...(stack === undefined ? {} : { stack }),
  };
}

function messageOf(thrown: unknown, options: ErrorTextOptions): string {
  if (options.hideMessages) return HIDDEN_MESSAGE;
  return bounded(thrown instanceof Error ? read(thrown, 'message') : options.describe(thrown), options);
}

/** Names that say nothing of any value: those of the language, and what code commonly calls an `Error` that it made. */
const COMMON_NAMES: ReadonlySet<string> = new Set([
  'AbortError',
  'AggregateError',
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TimeoutError',
  'TypeError',
  'URIError',
]);

/** Whether the name of an error is one that any program uses. */
export function isCommonErrorName(name: string): boolean {
  return COMMON_NAMES.has(name);
}

const TYPE_NAME = /^[A-Za-z_$][\w$.]{0,79}$/;

/** The type of an error in metrics: its name, as far as it may be told, or `_OTHER` for what is no error. Never throws. */
export function errorName(
  thrown: unknown,
  options: Pick<ErrorTextOptions, 'redaction' | 'hideMessages'>,
): string {
  return thrown instanceof Error ? nameOf(thrown, { ...options, maxText: MAX_NAME }) : '_OTHER';
}

/** A name can be set to anything; where messages are hidden only that of the class is believed. */
function nameOf(thrown: Error, options: Omit<ErrorTextOptions, 'describe'>): string {
  const name = read(thrown, 'name');
  if (!options.hideMessages || isCommonErrorName(name)) return bounded(name, options);
  const type = typeName(thrown, name);
  return TYPE_NAME.test(type) ? bounded(type, options) : 'Error';
}

/** The name of the class. */
function typeName(thrown: Error, name: string): string {
  try {
    const prototype: unknown = Object.getPrototypeOf(thrown);
    // Bundlers shorten the names of classes, and not those that a prototype was given.
    if (isRecord(prototype) && prototype['name'] === name) return name;
    return typeof thrown.constructor === 'function' ? thrown.constructor.name : 'Error';
  } catch {
    return 'Error';
  }
}

/** An error, then its causes and the errors that it stands for, each with its own, up to a number of them. */
function stackWithCauses(thrown: Error, options: ErrorTextOptions): string | undefined {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  const add = (error: unknown, prefix: string) => {
    if (error === undefined || seen.has(error) || seen.size > MAX_INNER) return;
    seen.add(error);
    const text = stackOf(error, options);
    if (text !== undefined) parts.push(prefix + text);
    if (!(error instanceof Error)) return;
    for (const inner of readErrors(error)) add(inner, 'One of its errors: ');
    add(readCause(error), 'Caused by: ');
  };
  add(thrown, '');
  return parts.length === 0 ? undefined : cut(parts.join('\n'), options.maxText);
}

function stackOf(error: unknown, options: ErrorTextOptions): string | undefined {
  if (!(error instanceof Error)) return messageOf(error, options);
  const heading = `${nameOf(error, options)}: ${messageOf(error, options)}`;
  const stack = read(error, 'stack');
  if (stack === '') return undefined;
  if (!options.hideMessages) return bounded(stack, options);
  const frames = framesOf(stack, read(error, 'message'));
  return bounded([heading, ...frames].join('\n'), options);
}

const FRAME = /^\s+at (?:.{1,200}[ (])?(?:file:\/\/|node:|\/|[A-Za-z]:\\|<anonymous>|index \d).{0,500}\)?$/;

/**
 * The lines below the message. A message may end in lines that look like frames, so it is taken off first; where the stack
 * does not repeat it, it was made with another one, and none of its lines can be trusted.
 */
function framesOf(stack: string, message: string): string[] {
  // Anything between the message and the end of its line would be the rest of another message.
  const start = message === '' ? 0 : `${stack}\n`.indexOf(`${message}\n`);
  const [header = '', ...lines] = stack.slice(Math.max(0, start) + message.length).split('\n');
  if (start < 0 || header.includes(':')) return [];
  const frames: string[] = [];
  for (const line of lines.reverse()) {
    if (!FRAME.test(line)) break;
    frames.unshift(line);
  }
  return frames;
}

function bounded(
  text: string,
  { redaction, maxText }: Pick<ErrorTextOptions, 'redaction' | 'maxText'>,
): string {
  return cut(redaction.text(text.slice(0, maxText + REDACTION_LOOKAHEAD)), maxText);
}

function cut(text: string, maxText: number): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText)}…`;
}

/** Members of an error can be getters of the user's own. */
function read(error: Error, member: 'name' | 'message' | 'stack'): string {
  try {
    const value: unknown = error[member];
    return value === undefined ? '' : String(value);
  } catch {
    return '[Unreadable]';
  }
}

function readCause(error: Error): unknown {
  try {
    return error.cause;
  } catch {
    return undefined;
  }
}

/** What an AggregateError stands for, which can be anything; the lists of other errors may be of issues, and are often long. */
function readErrors(error: Error): readonly unknown[] {
  try {
    const errors: unknown = 'errors' in error ? error.errors : undefined;
    const some = Array.isArray(errors) ? errors.slice(0, MAX_INNER) : [];
    return error instanceof AggregateError ? some : some.filter((inner) => inner instanceof Error);
  } catch {
    return [];
  }
}
