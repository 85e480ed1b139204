import type { BaseMessage } from '@langchain/core/messages';
import { factText, latestRequest, resultsOfTurn } from './conversation.ts';
import { readEntries, readList, readSetting } from './prompt-reader.ts';

/** A tool as it was bound: its name and the names of its arguments. */
export interface BoundTool {
  readonly name: string;
  readonly argumentNames: readonly string[];
}

/** A tool call the model decided on. */
export interface PlannedCall {
  readonly name: string;
  readonly args: Record<string, string>;
}

/** The tool to call next, by the procedures and rules in the system prompt; undefined when there is nothing left to do. */
export function planNextCall(
  prompt: string,
  messages: readonly BaseMessage[],
  tools: readonly BoundTool[],
): PlannedCall | undefined {
  const order = readSetting(prompt, 'order');
  const orderId = order === 'none' ? undefined : order;
  const results = resultsOfTurn(messages);
  const last = results.at(-1);

  let next: string | undefined;
  const handOverTool = /handOver: true, call (\w+)/.exec(prompt)?.[1];
  if (handOverTool !== undefined && last?.facts['handOver'] === true) {
    next = handOverTool;
  } else if (last === undefined || last.facts['ok'] === true) {
    const steps = readEntries(readList(prompt, 'Procedures:').get(readSetting(prompt, 'intent') ?? '') ?? '');
    const swap = orderId === undefined ? /call (\w+) in place of (\w+)/.exec(prompt) : null;
    const procedure = steps.map((step) => (step === swap?.[2] ? (swap[1] ?? step) : step));
    const done = new Set(results.map((result) => result.tool));
    next = procedure[procedure.findLastIndex((step) => done.has(step)) + 1];
    // A hand-over ends the procedure it interrupted.
    if (last !== undefined && last.tool === handOverTool) next = undefined;
  }
  const tool = tools.find((candidate) => candidate.name === next);
  if (tool === undefined) return undefined;

  const known: Readonly<Record<string, string | undefined>> = {
    orderId:
      factText(results.findLast((result) => result.facts['orderId'] !== undefined)?.facts['orderId']) ??
      orderId,
  };
  const said = latestRequest(messages);
  return {
    name: tool.name,
    args: Object.fromEntries(tool.argumentNames.map((name) => [name, known[name] ?? said])),
  };
}
