import { ToolMessage } from '@langchain/core/messages';
import { GraphInterrupt } from '@langchain/langgraph';
import { expect, test } from 'vitest';
import { readToolResult } from '../tool-result.ts';
import { type CallableTool, callTool } from './call-tool.ts';

const call = { id: 'c-1', name: 'look_up_order', args: { orderId: 'A-1001' } };

function throwing(error: unknown): CallableTool {
  return {
    async invoke() {
      throw error;
    },
  };
}

test('a tool that throws becomes an error message which hands over', async () => {
  const message = await callTool(throwing(new Error('connection lost')), call, {});
  expect(message).toMatchObject({ tool_call_id: 'c-1', status: 'error' });
  expect(readToolResult(message)).toEqual({
    ok: false,
    outcome: 'tool.failed',
    handOver: true,
    error: 'connection lost',
  });
});

test('a tool that returns nothing has an outcome of its own', async () => {
  const empty: CallableTool = { invoke: async () => new ToolMessage({ content: '', tool_call_id: 'c-1' }) };
  expect(readToolResult(await callTool(empty, call, {}))).toEqual({ ok: false, outcome: 'tool.empty' });
});

test('an aborted run and an interrupt are no failures of the tool', async () => {
  const aborted = new Error('Abort');
  await expect(callTool(throwing(aborted), call, { signal: AbortSignal.abort() })).rejects.toBe(aborted);
  const interrupt = new GraphInterrupt([]);
  await expect(callTool(throwing(interrupt), call, {})).rejects.toBe(interrupt);
});
