import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import * as build from '@langchain/core/callbacks/manager';
import { CallbackManager } from '@langchain/core/callbacks/manager';
import type { Serialized } from '@langchain/core/load/serializable';
import { HumanMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { DIRECT } from './direct-handler.ts';
import { directManagers } from './direct-manager.ts';

const EVENTS = [
  'handleChainStart',
  'handleChainEnd',
  'handleChainError',
  'handleChatModelStart',
  'handleLLMStart',
  'handleLLMNewToken',
  'handleChatModelStreamEvent',
  'handleLLMEnd',
  'handleLLMError',
] as const;

/** Writes down what it is called with. */
class Log extends BaseCallbackHandler {
  override name = 'log';
  override awaitHandlers = true;
  readonly lines: unknown[][] = [];

  constructor(ignored: { readonly ignoreChain?: boolean; readonly ignoreLLM?: boolean } = {}) {
    super(ignored);
    for (const event of EVENTS) {
      Object.assign(this, { [event]: (...args: unknown[]) => void this.lines.push([event, ...args]) });
    }
  }
}

class DirectLog extends Log {
  readonly [DIRECT] = true;
}

const managers = directManagers(build);
const THING: Serialized = { lc: 1, type: 'not_implemented', id: ['thing'] };

function managerOf(handlers: BaseCallbackHandler[]) {
  return new CallbackManager('parent', {
    handlers,
    inheritableHandlers: handlers,
    tags: ['t'],
    metadata: { of: 'all' },
  });
}

/** A chain with a child that fails, and both kinds of models, streamed. */
async function callEverything(manager: CallbackManager, change?: (child: CallbackManager) => void) {
  const chain = await manager.handleChainStart(
    THING,
    { in: 1 },
    'c1',
    'tool',
    undefined,
    undefined,
    'Named',
    undefined,
    {
      extra: 1,
    },
  );
  const child = chain.getChild('seq:step:1');
  change?.(child);
  const failing = await child.handleChainStart(THING, { in: 2 }, 'c2');
  await failing.handleChainError(new Error('down'), undefined, undefined, undefined, { inputs: { in: 2 } });
  const groups = [[new HumanMessage('a')], [new HumanMessage('b')]];
  const params = { invocation_params: { model: 'm' } };
  const [chat, otherChat] = await child.handleChatModelStart(
    THING,
    groups,
    'm1',
    undefined,
    params,
    undefined,
    undefined,
    'Chat',
  );
  await chat?.handleLLMNewToken('to', { prompt: 0, completion: 1 }, undefined, undefined, undefined, {
    chunk: 'c' as never,
  });
  await chat?.handleLLMNewToken('ken');
  await chat?.handleChatModelStreamEvent({ event: 'message-start' } as never);
  await chat?.handleLLMEnd({ generations: [] }, undefined, undefined, undefined, { more: 1 });
  await otherChat?.handleLLMError(new Error('refused'));
  const [text] = await child.handleLLMStart(THING, ['prompt'], 'm2', undefined, params);
  await text?.handleLLMEnd({ generations: [] });
  await chain.handleChainEnd({ out: 1 });
}

/** How many arguments of an event a handler of ours may take: no more are passed on. */
const TAKEN: Readonly<Record<string, number>> = {
  handleChainStart: 8,
  handleChainEnd: 2,
  handleChainError: 2,
  handleChatModelStreamEvent: 2,
  handleLLMEnd: 2,
  handleLLMError: 2,
};

/** Ids that a manager made itself differ each time. */
function comparable({ lines }: Log) {
  const ids = new Map<string, string>();
  return lines.map(([event, ...args]) => [
    event,
    ...args.slice(0, TAKEN[String(event)]).map((arg) => {
      if (typeof arg !== 'string' || !/^[0-9a-f-]{36}$/.test(arg)) return arg;
      if (!ids.has(arg)) ids.set(arg, `id ${ids.size}`);
      return ids.get(arg);
    }),
  ]);
}

describe('a manager that calls its handlers directly', () => {
  it.each([[{}], [{ ignoreChain: true }], [{ ignoreLLM: true }]])(
    'tells them what LangChain would tell them, when they ignore %j',
    async (ignored) => {
      const [direct, own] = [new DirectLog(ignored), new DirectLog(ignored)];
      await callEverything(managers.copyOf(managerOf([direct])));
      await callEverything(managerOf([own]));
      expect(comparable(direct)).toEqual(comparable(own));
      expect(direct.lines.length).toBeGreaterThan(3);
    },
  );

  it('tells them before the code that calls it goes on', () => {
    const log = new DirectLog();
    void managers.copyOf(managerOf([log])).handleChainStart(THING, {});
    expect(log.lines).toHaveLength(1);
  });

  it('leaves it to LangChain once a handler of somebody else is there', async () => {
    const [direct, other] = [new DirectLog(), new Log()];
    await callEverything(managers.copyOf(managerOf([direct])), (child) => child.addHandler(other));
    const names = (log: Log) => log.lines.map(([event]) => event);
    expect(names(other)).toContain('handleLLMNewToken');
    // All but the start and the end of the chain around.
    expect(names(other)).toEqual(names(direct).slice(1, -1));
  });

  it('gives each model call of a batch an id of its own, the first one that was asked for', async () => {
    const runs = await managers
      .copyOf(managerOf([new DirectLog()]))
      .handleLLMStart(THING, ['a', 'b', 'c'], 'mine');
    expect(runs[0]?.runId).toBe('mine');
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(3);
  });
});
