import { describe, expect, test } from 'vitest';
import { graph as mended } from '../graph.ts';
import { graph as regressed } from './graph.ts';

let threads = 0;

async function answer(graph: typeof regressed, customerId: string, content: string): Promise<string> {
  threads += 1;
  const output = await graph.invoke(
    { messages: [{ role: 'user', content }], customerId },
    { configurable: { thread_id: `regressed-${threads}` } },
  );
  return output.messages.at(-1)?.text ?? '';
}

describe('the regressed build', () => {
  test('passes where orders exist under the number as it is printed', async () => {
    expect(await answer(regressed, 'C-101', 'Where is A-1002?')).toBe(
      await answer(mended, 'C-101', 'Where is A-1002?'),
    );
  });

  test('throws in the look-up node for an order that is missing', async () => {
    await expect(answer(regressed, 'C-101', 'Where is A-9999?')).rejects.toThrow(
      "Cannot read properties of undefined (reading 'status')",
    );
    expect(await answer(mended, 'C-101', 'Where is A-9999?')).toContain('could not find');
  });

  test.each(['where is a-1002', 'Status of A1002', 'track #1002'])('does not find %s', async (content) => {
    expect(await answer(regressed, 'C-101', content)).toContain('could not find');
    expect(await answer(mended, 'C-101', content)).toContain('24 November');
  });

  test('no longer sees what a message says about an order', async () => {
    expect(await answer(mended, 'C-101', 'Where is my linen apron?')).toContain('A-1002');
    expect(await answer(regressed, 'C-101', 'Where is my linen apron?')).not.toContain('A-1002');
  });
});
