import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftPrompt } from '../prompts.ts';
import { readFlakiness, worseTurns } from './flakiness.ts';
import { OfflineChatModel } from './index.ts';

const conversation = (index: number) => [new HumanMessage(`Where is order ${index}?`)];

/** Asks each of `conversations` `repeats` times, in an order of its own. */
function draw(
  flakiness: { readonly rate: number; readonly seed: string },
  conversations: number,
  repeats: number,
  order: (a: number, b: number) => number = () => 0,
): Map<number, number> {
  const isWorse = worseTurns(flakiness);
  const asked = Array.from({ length: conversations * repeats }, (_, index) => index % conversations);
  const worse = new Map<number, number>();
  for (const index of asked.sort(order))
    worse.set(index, (worse.get(index) ?? 0) + Number(isWorse(conversation(index))));
  return worse;
}

describe('worse turns', () => {
  test('are as many as the rate says', () => {
    const worse = [...draw({ rate: 0.1, seed: 'a' }, 500, 10).values()].reduce((sum, each) => sum + each, 0);
    // 500 of 5,000, and four standard deviations of a binomial draw.
    expect(Math.abs(worse - 500)).toBeLessThan(85);
  });

  test('are the same for a seed whatever the order of the calls, and others for another seed', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        (seed, rate) => {
          const forward = draw({ rate, seed }, 40, 3, (a, b) => a - b);
          const backward = draw({ rate, seed }, 40, 3, (a, b) => b - a);
          expect([...forward].sort()).toEqual([...backward].sort());
          expect([...forward].sort()).not.toEqual([...draw({ rate, seed: `${seed}!` }, 40, 3)].sort());
        },
      ),
      { seed: 4, numRuns: 50 },
    );
  });

  test('are none at a rate of 0 and all at a rate of 1', () => {
    expect(new Set(draw({ rate: 0, seed: 'a' }, 20, 2).values())).toEqual(new Set([0]));
    expect(new Set(draw({ rate: 1, seed: 'a' }, 20, 2).values())).toEqual(new Set([2]));
  });
});

describe('a flaky model', () => {
  const policy = { refundLimitCents: 100_00, returnWindowDays: 30, today: '2026-11-20' };
  const situation = {
    request: { intent: 'smalltalk', orderId: null, upset: false },
    stepLimitReached: false,
  } as const;
  const messages = [new SystemMessage(draftPrompt(situation, policy)), new HumanMessage('Hello!')];

  test('says what the guide says where nothing else fits, with the tokens of that', async () => {
    const good = await new OfflineChatModel().invoke(messages);
    const worse = await new OfflineChatModel({ flakiness: { rate: 1, seed: 'a' } }).invoke(messages);
    expect(good.text).toContain('Thank you for writing to us!');
    expect(worse.text).toContain('Could you tell me a little more?');
    expect(worse.usage_metadata).not.toEqual(good.usage_metadata);
  });

  test('streams the same answer that it gives at once', async () => {
    const flakiness = { rate: 0.5, seed: 'b' };
    const [atOnce, streaming] = [new OfflineChatModel({ flakiness }), new OfflineChatModel({ flakiness })];
    const texts = new Set<string>();
    for (let turn = 0; turn < 12; turn += 1) {
      const { text } = await atOnce.invoke(messages);
      let streamed = '';
      for await (const chunk of await streaming.stream(messages)) streamed += chunk.text;
      expect(streamed).toBe(text);
      texts.add(text);
    }
    expect(texts.size).toBe(2);
  });
});

describe('the flakiness of the environment', () => {
  test('is none unless it is asked for', () => {
    for (const value of [undefined, '', ' ', '0', '0.0'])
      expect(readFlakiness({ SUPPORT_AGENT_FLAKINESS: value, SUPPORT_AGENT_SEED: '7' })).toBeUndefined();
  });

  test('has a seed of its own where none is given', () => {
    expect(readFlakiness({ SUPPORT_AGENT_FLAKINESS: '0.1' })).toEqual({ rate: 0.1, seed: '1' });
    expect(readFlakiness({ SUPPORT_AGENT_FLAKINESS: ' 1 ', SUPPORT_AGENT_SEED: 'x' })).toEqual({
      rate: 1,
      seed: 'x',
    });
  });

  test.each(['abc', '10%', '-0.1', '1.1', 'NaN', 'Infinity'])('refuses %s', (value) => {
    expect(() => readFlakiness({ SUPPORT_AGENT_FLAKINESS: value })).toThrow(
      `SUPPORT_AGENT_FLAKINESS must be a number from 0 to 1, not "${value}".`,
    );
  });
});
