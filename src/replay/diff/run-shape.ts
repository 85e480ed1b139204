import {
  isRecord,
  type Outcome,
  rootSpan,
  type Span,
  type SpanError,
  stableStringify,
  type Trace,
} from '../../core/index.ts';

/** One tool call of a run. */
export interface ToolCall {
  readonly name: string;
  /** Arguments as compact JSON with sorted keys. */
  readonly args: string;
  readonly outcome: Outcome;
}

/** What two runs of the same input are compared by. */
export interface RunShape {
  readonly outcome: Outcome;
  readonly error: SpanError | undefined;
  /** Name of the node (or span) in which the error first appeared. */
  readonly failedIn: string | undefined;
  /** Nodes in the order they started; nodes of a subgraph as `outer/inner`. */
  readonly path: readonly string[];
  readonly toolCalls: readonly ToolCall[];
  /** Text of the last AI message, or the output where there are no messages. Undefined where outputs are hidden. */
  readonly answer: string | undefined;
}

/** Reads the shape of a recorded run. */
export function runShape(trace: Trace): RunShape {
  const failing = trace.spans.find((span) => span.id === trace.failingSpanId);
  return {
    outcome: trace.outcome,
    error: trace.error,
    failedIn: failing === undefined ? undefined : (failing.node ?? failing.name),
    path: nodePath(trace),
    toolCalls: trace.spans.filter((span) => span.type === 'tool').map(toolCall),
    answer: finalAnswer(rootSpan(trace).outputs),
  };
}

function nodePath(trace: Trace): string[] {
  const byId = new Map(trace.spans.map((span) => [span.id, span]));
  return trace.spans
    .filter((span) => span.type === 'node' && !span.tags.includes('langsmith:hidden'))
    .map((span) => {
      const names = [span.name];
      for (let at = byId.get(span.parentId ?? ''); at !== undefined; at = byId.get(at.parentId ?? '')) {
        if (at.type === 'node') names.unshift(at.name);
      }
      return names.join('/');
    });
}

function toolCall(span: Span): ToolCall {
  const input = isRecord(span.inputs) ? span.inputs['input'] : undefined;
  return { name: span.name, args: canonicalArgs(input), outcome: span.outcome };
}

/** LangChain hands a tool's arguments to its callbacks as JSON text. */
function canonicalArgs(input: unknown): string {
  if (typeof input !== 'string') return input === undefined ? '' : stableStringify(input);
  try {
    return stableStringify(JSON.parse(input));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return input;
    throw thrown;
  }
}

/** The text of the last AI message in a graph's output, whichever form its messages are in. */
export function finalAnswer(outputs: unknown): string | undefined {
  if (outputs === undefined || outputs === null) return undefined;
  const messages = isRecord(outputs) ? outputs['messages'] : undefined;
  if (!Array.isArray(messages)) return typeof outputs === 'string' ? outputs : stableStringify(outputs);
  return messages
    .map(aiText)
    .filter((text) => text !== undefined)
    .at(-1);
}

function aiText(message: unknown): string | undefined {
  if (!isRecord(message)) return undefined;
  const { kwargs, id } = message;
  if (isRecord(kwargs) && Array.isArray(id)) {
    return String(id.at(-1)).startsWith('AIMessage') ? contentText(kwargs['content']) : undefined;
  }
  const isAi = message['type'] === 'ai' || message['role'] === 'assistant';
  return isAi ? contentText(message['content']) : undefined;
}

function contentText(content: unknown): string | undefined {
  if (typeof content === 'string') return content === '' ? undefined : content;
  if (!Array.isArray(content)) return undefined;
  const text = content
    .map((block) => (isRecord(block) && typeof block['text'] === 'string' ? block['text'] : ''))
    .join('');
  return text === '' ? undefined : text;
}
