import { entrypoint, task } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { traceWith } from '../../test/support/trace-with.ts';
import type { Trace } from '../core/index.ts';

const kinds = ({ spans }: Trace) => spans.map(({ name, type }) => `${type} ${name}`);

describe('what a recorded run is', () => {
  it('is a graph only for what was compiled: the steps of the functional API are none', async () => {
    const double = task('double', (n: number) => n * 2);
    const traced = traceWith(entrypoint('twice', async (n: number) => double(n)));
    await traced.graph.invoke(1);
    const [trace] = await traced.traces();
    expect(kinds(trace!)).toEqual([
      'graph twice',
      'node twice',
      'node double',
      'chain pluckReturnValue',
      'chain pluckSaveValue',
    ]);
  });
});
