import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { type StructuredTool, tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import {
  Annotation,
  Command,
  InMemoryStore,
  interrupt,
  type LangGraphRunnableConfig,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from '@langchain/langgraph';
import { describe, expect, it, onTestFinished } from 'vitest';
import { patchedSupportAgent, seededPatch } from '../../test/support/patched-support-agent.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { traceWith } from '../../test/support/trace-with.ts';
import { seededRandom, type Trace, traceSchema } from '../core/index.ts';
import { shutdown } from '../tracing/index.ts';
import { isTraceDiff, type ReplayableGraph, type ReplayTarget, replayTrace } from './index.ts';

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  orderId: Annotation<string>(),
  who: Annotation<string>(),
});

const lookup = tool(async ({ orderId }: { orderId: string }) => `order ${orderId}`, {
  name: 'look_up',
  description: 'x',
  schema: { type: 'object', properties: { orderId: { type: 'string' } } },
});

/** An agent that fails on spelled-out ids unless it is mended. */
function agent({
  mended,
  checkpointer = new MemorySaver(),
}: {
  mended: boolean;
  checkpointer?: MemorySaver;
}) {
  const model = new FakeListChatModel({ responses: ['Your order has been refunded.'] });
  return new StateGraph(State)
    .addNode('find', async ({ orderId }, config) => {
      if (!mended && !orderId.startsWith('A-')) throw new TypeError("reading 'status'");
      await (lookup as StructuredTool).invoke({ orderId: orderId.toUpperCase() }, config);
      return { who: String(config.configurable?.['customer'] ?? 'nobody') };
    })
    .addNode('answer', async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] }))
    .addEdge(START, 'find')
    .addEdge('find', 'answer')
    .compile({ checkpointer, name: 'agent' }) as unknown as ReplayableGraph;
}

async function home(): Promise<string> {
  const dir = await tempDir();
  onTestFinished(async () => {
    await shutdown();
    await dir[Symbol.asyncDispose]();
  });
  return dir.path;
}

/** Runs a graph and gives back the trace as it would come out of the store. */
async function record(
  graph: ReplayableGraph,
  input: unknown,
  config: Record<string, unknown> = {},
): Promise<Trace> {
  const traced = traceWith(graph);
  await traced.graph.invoke(input, { configurable: { thread_id: 't', ...config } }).catch(() => undefined);
  const traces = await traced.traces();
  return traceSchema.parse(JSON.parse(JSON.stringify(traces.at(-1))));
}

async function checkpointsOf(checkpointer: MemorySaver): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const each of checkpointer.list({ configurable: { thread_id: 't' } })) found.push(each);
  return found;
}

const failing = { messages: [new HumanMessage('refund please')], orderId: 'a 7' };

describe('replayTrace on a graph', () => {
  it('proves that a mend works: where the paths part, what is called now, what is answered', async () => {
    const trace = await record(agent({ mended: false }), failing, { customer: 'c-1' });
    const result = await replayTrace({
      trace,
      on: agent({ mended: true }),
      home: await home(),
      mode: 'input',
    });
    expect(result.verdict).toBe('fixed');
    expect(result.diff.before).toMatchObject({
      outcome: 'error',
      failedIn: 'find',
      error: { message: "reading 'status'" },
    });
    expect(result.diff.path).toEqual({ before: ['find'], after: ['find', 'answer'], divergesAt: 1 });
    expect(result.diff.toolCalls.after).toEqual([
      { name: 'look_up', args: '{"orderId":"A 7"}', outcome: 'success' },
    ]);
    expect(result.diff.after.answer).toBe('Your order has been refunded.');
    expect(result.runId).not.toBe(trace.id);
  });

  it('says so when it still fails', async () => {
    const trace = await record(agent({ mended: false }), failing);
    const result = await replayTrace({ trace, on: agent({ mended: false }), home: await home() });
    expect(result.verdict).toBe('failing');
    expect(result.diff.path.divergesAt).toBeUndefined();
  });

  it('finds that a build is worse than the one that was recorded', async () => {
    const trace = await record(agent({ mended: true }), failing);
    expect((await replayTrace({ trace, on: agent({ mended: false }), home: await home() })).verdict).toBe(
      'worse',
    );
    expect((await replayTrace({ trace, on: agent({ mended: true }), home: await home() })).verdict).toBe(
      'same',
    );
  });

  it('gives the run the metadata of the recorded one, and the configurable values that are given again', async () => {
    const traced = traceWith(agent({ mended: true }));
    await traced.graph.invoke(failing, {
      configurable: { thread_id: 't' },
      metadata: { route: '/chat' },
      tags: ['beta'],
    });
    const [trace] = await traced.traces();
    let seen: LangGraphRunnableConfig | undefined;
    const on = new StateGraph(State)
      .addNode('look', (_state, config) => {
        seen = config;
        return {};
      })
      .addEdge(START, 'look')
      .compile() as unknown as ReplayableGraph;
    await replayTrace({ trace: trace!, on, home: await home(), configurable: { customer: 'c-42' } });
    expect(seen?.configurable).toMatchObject({ customer: 'c-42' });
    expect(seen?.configurable?.['thread_id']).not.toBe('t');
    expect(seen?.metadata).toMatchObject({ route: '/chat', sluice_replay_of: trace!.id });
    expect(seen?.tags).toContain('beta');
  });

  it('writes to neither the checkpointer nor the long-term store of the graph', async () => {
    const plain = new StateGraph(State)
      .addNode('find', () => ({ who: 'nobody' }))
      .addEdge(START, 'find')
      .compile() as unknown as ReplayableGraph;
    const trace = await record(plain, failing);
    const checkpointer = new MemorySaver();
    const store = new InMemoryStore();
    const on = new StateGraph(State)
      .addNode('remember', async (_state, config) => {
        await config.store?.put(['memories'], 'k', { v: 1 });
        return {};
      })
      .addEdge(START, 'remember')
      .compile({ checkpointer, store }) as unknown as ReplayableGraph;
    const result = await replayTrace({ trace, on, home: await home() });
    expect(result.diff.after.outcome).toBe('success');
    expect(result.notes).toEqual([
      'The long-term store of the graph was replaced by an empty one in memory.',
    ]);
    expect(checkpointer.storage).toEqual({});
    expect(await store.search(['memories'])).toEqual([]);
    expect(on.checkpointer).toBe(checkpointer);
  });

  it('refuses a subgraph that would write to a checkpointer of its own', async () => {
    const trace = await record(agent({ mended: true }), failing);
    const inner = agent({ mended: true });
    const on = new StateGraph(State)
      .addNode('inner', inner as never)
      .addEdge(START, 'inner')
      .compile() as unknown as ReplayableGraph;
    await expect(replayTrace({ trace, on, home: await home() })).rejects.toMatchObject({
      code: 'REPLAY_SUBGRAPH_CHECKPOINTER',
      exitCode: 3,
    });
  });

  it('is cut short by its time limit, and that is no success', async () => {
    const trace = await record(agent({ mended: false }), failing);
    const on = new StateGraph(State)
      .addNode(
        'hang',
        (_state, config) =>
          new Promise((_resolve, reject) =>
            config.signal?.addEventListener('abort', () => reject(config.signal?.reason)),
          ),
      )
      .addEdge(START, 'hang')
      .compile() as unknown as ReplayableGraph;
    const result = await replayTrace({ trace, on, home: await home(), timeoutMs: 30 });
    expect(result.verdict).toBe('failing');
    expect(result.diff.after.error?.name).toBe('TimeoutError');
  });

  it('continues a thread with the state that the recorded run saw', async () => {
    const checkpointer = new MemorySaver();
    const graph = agent({ mended: true, checkpointer });
    await graph.invoke(
      { messages: [new HumanMessage('first turn')], orderId: 'A-1' },
      { configurable: { thread_id: 't' } },
    );
    const trace = await record(graph, { messages: [new HumanMessage('second turn')] });
    let seen: unknown;
    const on = new StateGraph(State)
      .addNode('look', ({ messages }) => {
        seen = messages.map((message) => message.content);
        return {};
      })
      .addEdge(START, 'look')
      .compile() as unknown as ReplayableGraph;
    const result = await replayTrace({ trace, on, home: await home() });
    expect(seen).toEqual(['first turn', 'Your order has been refunded.', 'second turn']);
    expect(result.notes[0]).toMatch(/continued thread t/);
  });

  it('gives nodes real messages, and builds nothing but data from a record', async () => {
    const trace = await record(agent({ mended: true }), failing);
    const hostile = {
      lc: 1,
      type: 'constructor',
      id: ['langchain', 'llms', 'OpenAI'],
      kwargs: { apiKey: 'x' },
    };
    const root = trace.spans.find((span) => span.id === trace.id)!;
    root.inputs = { ...(root.inputs as object), who: hostile };
    let seen: { isMessage: boolean; who: unknown } | undefined;
    const on = new StateGraph(State)
      .addNode('look', ({ messages, who }) => {
        seen = { isMessage: messages[0] instanceof HumanMessage, who };
        return {};
      })
      .addEdge(START, 'look')
      .compile() as unknown as ReplayableGraph;
    await replayTrace({ trace, on, home: await home() });
    expect(seen).toEqual({ isMessage: true, who: hostile });
  });
});

describe('replayTrace with the recorded results', () => {
  it('says which call it could not go on without, and that this is no verdict on the patch', async () => {
    const trace = await record(agent({ mended: false }), failing);
    const on = agent({ mended: true });
    const result = await replayTrace({ trace, on, home: await home() });
    expect(result).toMatchObject({ mode: 'recorded', verdict: 'stopped' });
    expect(result.stopped).toMatch(/^Nothing recorded fits node find, call 1 of tool look_up/);
    expect(result.blocked).toMatchObject([{ kind: 'tool', what: 'look_up' }]);
    const allowed = await replayTrace({
      trace,
      on,
      home: await home(),
      onMiss: 'live',
      allowTools: ['look_up'],
    });
    expect(allowed.verdict).toBe('fixed');
    expect(allowed.calls.map(({ kind, match }) => [kind, match])).toEqual([
      ['tool', 'live'],
      ['model', 'live'],
    ]);
    const stubbed = await replayTrace({ trace, on, home: await home(), onMiss: 'stub' });
    expect(stubbed.verdict).toBe('fixed');
    expect(stubbed.calls.map(({ match }) => match)).toEqual(['stub', 'stub']);
  });

  it('plays a successful run back without a live call, and finds no difference', async () => {
    const trace = await record(agent({ mended: true }), failing);
    const result = await replayTrace({ trace, on: agent({ mended: true }), home: await home() });
    expect(result).toMatchObject({ verdict: 'same', blocked: [] });
    expect(result.calls.map(({ match }) => match)).toEqual(['exact', 'exact']);
    expect(isTraceDiff(result.diff) && result.diff.first).toBeUndefined();
  });

  it.each(Array.from({ length: 20 }, (_, seed) => [seed] as const))(
    'names the place of seeded patch %i of the support agent, at no live call',
    async (seed) => {
      const patch = seededPatch(seed, seededRandom(0xfeed + seed));
      const input = { messages: [new HumanMessage(patch.question)], customerId: 'C-101' };
      const trace = await record(patchedSupportAgent(), input);
      const result = await replayTrace({ trace, on: patch.graph(), home: await home(), onMiss: 'stub' });
      const first = isTraceDiff(result.diff) ? result.diff.first : undefined;
      expect(first?.summary.startsWith(`${patch.place}: `) && first.summary).toMatch(patch.says);
      expect(result.calls.filter(({ match }) => match === 'live')).toEqual([]);
    },
  );
});

describe('the baseline lane', () => {
  it('shows that a difference comes from the patch, because the unpatched build does not have it', async () => {
    const patch = seededPatch(2, seededRandom(7));
    const trace = await record(patchedSupportAgent(), {
      messages: [new HumanMessage(patch.question)],
      customerId: 'C-101',
    });
    const result = await replayTrace({
      trace,
      on: patch.graph(),
      baseline: patchedSupportAgent(),
      home: await home(),
    });
    expect(result.baseline?.diff.first).toBeUndefined();
    expect(isTraceDiff(result.diff) && result.diff.first?.summary).toContain(patch.place);
  });

  it('tells apart what differs without the patch', async () => {
    const build = (prompt: string, suffix: string) =>
      new StateGraph(State)
        .addNode('age', () => ({ who: suffix }))
        .addNode('answer', async ({ messages }, config) => {
          const model = new FakeListChatModel({ responses: ['done'] });
          return { messages: [await model.invoke([new SystemMessage(prompt), ...messages], config)] };
        })
        .addEdge(START, 'age')
        .addEdge('age', 'answer')
        .compile() as unknown as ReplayableGraph;
    const trace = await record(build('Be kind.', 'then'), failing);
    const result = await replayTrace({
      trace,
      on: build('Be brief.', 'now'),
      baseline: build('Be kind.', 'now'),
      home: await home(),
    });
    expect(result.baseline?.diff.divergences.map(({ summary }) => summary)).toEqual([
      'node age: what it wrote to the state changed here: who',
    ]);
    expect(isTraceDiff(result.diff) && result.diff.divergences.map(({ summary }) => summary)).toEqual([
      'node answer, model call 1: the prompt changed here',
    ]);
    expect(result.verdict).toBe('same');
  });

  it('proves nothing when the failure does not come back without the patch', async () => {
    let isDown = true;
    const build = () =>
      new StateGraph(State)
        .addNode('find', () => {
          if (isDown) throw new Error('the disk is full');
          return {};
        })
        .addEdge(START, 'find')
        .compile() as unknown as ReplayableGraph;
    const trace = await record(build(), failing);
    isDown = false;
    const result = await replayTrace({ trace, on: build(), baseline: build(), home: await home() });
    expect(result.verdict).toBe('unproven');
    expect((await replayTrace({ trace, on: build(), home: await home() })).verdict).toBe('fixed');
  });
});

describe('replayTrace from the failing node', () => {
  it('runs only that and what follows, and compares it with what the recorded run did from there', async () => {
    const checkpointer = new MemorySaver();
    const ran: string[] = [];
    const model = new FakeListChatModel({ responses: ['as recorded', 'another answer'] });
    const build = (mended: boolean, own?: MemorySaver) =>
      new StateGraph(State)
        .addNode('find', () => {
          ran.push('find');
          return { who: 'someone' };
        })
        .addNode('check', async ({ who, messages }, config) => {
          ran.push('check');
          const asked = `${who}: ${(await model.invoke(messages, config)).text}`;
          if (!mended) throw new TypeError('no such check');
          return { orderId: asked };
        })
        .addEdge(START, 'find')
        .addEdge('find', 'check')
        .compile(own === undefined ? {} : { checkpointer: own }) as unknown as ReplayableGraph;
    const trace = await record(build(false, checkpointer), failing);
    const before = JSON.stringify(await checkpointsOf(checkpointer));
    ran.length = 0;
    const result = await replayTrace({
      trace,
      on: build(true),
      home: await home(),
      mode: 'fork',
      checkpointer,
    });
    expect(ran).toEqual(['check']);
    expect(result.calls.map(({ kind, match }) => [kind, match])).toEqual([['model', 'exact']]);
    const end = result.trace?.spans.find(({ id }) => id === result.runId)?.outputs;
    expect(end).toMatchObject({ orderId: 'someone: as recorded' });
    expect(result).toMatchObject({ mode: 'fork', verdict: 'fixed', forkedAt: { node: 'check' } });
    expect(isTraceDiff(result.diff) && result.diff.divergences.map(({ summary }) => summary)).toEqual([
      'node check: it does not fail here any more: TypeError: no such check',
    ]);
    expect(result.diff.path).toEqual({ before: ['check'], after: ['check'], divergesAt: undefined });
    const after = JSON.stringify(await checkpointsOf(checkpointer));
    expect(after).toBe(before);
  });

  it('needs to know where the thread is', async () => {
    const trace = await record(agent({ mended: false }), failing);
    await expect(
      replayTrace({ trace, on: agent({ mended: true }), home: await home(), mode: 'fork' }),
    ).rejects.toMatchObject({ code: 'REPLAY_NO_CHECKPOINTER', exitCode: 3 });
  });
});

describe('what cannot be replayed', () => {
  it('hidden inputs', async () => {
    const traced = traceWith(agent({ mended: false }), { hideInputs: true });
    await traced.graph.invoke(failing, { configurable: { thread_id: 't' } }).catch(() => undefined);
    const [trace] = await traced.traces();
    await expect(
      replayTrace({ trace: trace!, on: agent({ mended: true }), home: await home() }),
    ).rejects.toMatchObject({
      code: 'REPLAY_INPUTS_HIDDEN',
      exitCode: 3,
    });
  });

  it('inputs that were cut', async () => {
    const traced = traceWith(agent({ mended: false }), { maxPayloadBytes: 20 });
    await traced.graph.invoke(failing, { configurable: { thread_id: 't' } }).catch(() => undefined);
    const [trace] = await traced.traces();
    await expect(
      replayTrace({ trace: trace!, on: agent({ mended: true }), home: await home() }),
    ).rejects.toMatchObject({
      code: 'REPLAY_INPUT_INCOMPLETE',
    });
  });

  it('the second half of an interrupted run', async () => {
    const graph = new StateGraph(State)
      .addNode('ask', () => ({ who: String(interrupt('sure?')) }))
      .addEdge(START, 'ask')
      .compile({ checkpointer: new MemorySaver() }) as unknown as ReplayableGraph;
    const first = await record(graph, failing);
    expect(first.outcome).toBe('interrupted');
    const second = await record(graph, new Command({ resume: 'yes' }));
    await expect(replayTrace({ trace: second, on: graph, home: await home() })).rejects.toMatchObject({
      code: 'REPLAY_RESUMED_RUN',
    });
    expect((await replayTrace({ trace: first, on: graph, home: await home() })).verdict).toBe('same');
  });
});

describe('replayTrace on a deployed agent', () => {
  const target = (
    answer: Awaited<ReturnType<ReplayTarget['call']>>,
    calls: unknown[] = [],
  ): ReplayTarget => ({
    spec: 'langserve:http://agent',
    call: async (inputs) => {
      calls.push(inputs);
      return answer;
    },
  });

  it('sends plain JSON, and compares outcome and answer when its trace is elsewhere', async () => {
    const trace = await record(agent({ mended: false }), failing);
    const calls: unknown[] = [];
    const answer = {
      kind: 'answered',
      outputs: { messages: [{ type: 'ai', content: 'Done.' }] },
      runId: 'elsewhere',
    } as const;
    const result = await replayTrace({ trace, on: target(answer, calls), home: await home() });
    expect(calls).toMatchObject([
      { orderId: 'a 7', messages: [{ type: 'human', content: 'refund please' }] },
    ]);
    expect(result).toMatchObject({ verdict: 'fixed', partial: true, diff: { after: { answer: 'Done.' } } });
  });

  it('takes an answer that says the agent failed for a failure, and silence for no answer', async () => {
    const trace = await record(agent({ mended: false }), failing);
    const failed = await replayTrace({
      trace,
      on: target({ kind: 'agent_failed', error: 'HTTP 500' }),
      home: await home(),
    });
    expect(failed.verdict).toBe('failing');
    await expect(
      replayTrace({
        trace,
        on: target({ kind: 'unavailable', error: 'connect ECONNREFUSED' }),
        home: await home(),
      }),
    ).rejects.toMatchObject({ code: 'REPLAY_TARGET_UNAVAILABLE', exitCode: 3 });
  });
});
