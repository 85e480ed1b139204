// A process of its own that delivers traces by way of the spool under load:
// `spooling-process.ts <home> <url> <first number> <count>`. It prints the number of each trace once it is on disk, with
// synchronous writes, so that what was printed was decided before any signal. It stays until it is killed.
import { writeSync } from 'node:fs';
import { silentLogger, systemClock } from '../../src/core/index.ts';
import { Counters } from '../../src/tracing/counters.ts';
import { Delivery } from '../../src/tracing/delivery/delivery.ts';
import { TRACE_FORMAT } from '../../src/tracing/spool/index.ts';
import { HttpExporter } from './http-exporter.ts';
import { numberedTrace } from './numbered-trace.ts';

const [home = '', url = '', first = '0', count = '0'] = process.argv.slice(2);
const delivery = new Delivery({
  format: TRACE_FORMAT,
  exporters: [new HttpExporter(url)],
  counters: new Counters(),
  logger: silentLogger,
  clock: systemClock({ unref: true }),
  random: () => 0.1,
  maxQueued: 1_000_000,
  disk: {
    spoolFolder: `${home}/spool`,
    deadLetterFolder: `${home}/dead-letter`,
    use: 'always',
    maxSpoolBytes: 256 * 1024 * 1024,
  },
});
const last = Number(first) + Number(count);
let next = Number(first);
const ticker = setInterval(() => {
  for (let burst = 0; burst < 20 && next < last; burst += 1) {
    const number = next;
    next += 1;
    delivery.add({
      precious: number % 10 === 0,
      open: () => numberedTrace(number),
      done: () => writeSync(1, `${number}\n`),
    });
  }
  if (next >= last) clearInterval(ticker);
}, 1);
setInterval(() => {}, 1_000);
