// A process of its own that uses a trace store:
// `trace-process.ts write|read <path> <first id> <count> [busy timeout in ms]`.
// It prints the id of each trace once it is written, or what it read, and the code of an error.
import { SluiceError } from '../../src/core/index.ts';
import { openTraceStore } from '../../src/store/index.ts';
import { makeSpan, makeTrace, runId } from './traces.ts';

const [task, path = '', first, count, busyTimeoutMs = '10000'] = process.argv.slice(2);

try {
  const store = await openTraceStore({
    path,
    readOnly: task === 'read',
    busyTimeoutMs: Number(busyTimeoutMs),
  });
  if (task === 'read') {
    for (const { id } of await store.list({})) process.stdout.write(`${id}\n`);
  } else {
    for (let n = Number(first); n < Number(first) + Number(count); n += 1) {
      const id = runId(n);
      const spans = [
        makeSpan({ id }),
        makeSpan({ id: `${id}-node`, parentId: id, inputs: 'x'.repeat(2_000) }),
      ];
      await store.write([makeTrace({ id, startTimeMs: n, spans })]);
      process.stdout.write(`${id}\n`);
    }
  }
  await store.close();
} catch (thrown) {
  process.stdout.write(`${thrown instanceof SluiceError ? thrown.code : String(thrown)}\n`);
  process.exitCode = 1;
}
