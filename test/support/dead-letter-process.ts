// A process of its own that sets traces aside until its input ends: `dead-letter-process.ts <home> <exporter> <first number>`.
// It then prints how many they were.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/core/index.ts';
import { DeadLetters } from '../../src/tracing/dead-letters/index.ts';
import { makeTrace, runId } from './traces.ts';

const [home = '', exporter = '', first = '0'] = process.argv.slice(2);
const letters = new DeadLetters({
  folder: `${home}/dead-letter`,
  maxBytes: 64 * 1024 * 1024,
  clock: systemClock(),
});
let isOver = false;
void once(process.stdin.resume(), 'end').then(() => {
  isOver = true;
});
let added = 0;
while (!isOver) {
  letters.add(exporter, 'HTTP 400', { trace: makeTrace({ id: runId(Number(first) + added) }) });
  added += 1;
  await delay(10);
}
process.stdout.write(`${added}\n`);
