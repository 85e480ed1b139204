import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keptWrites, type TaskFacts, type TaskWrite } from './pending-writes.ts';

const NO_TASK = '00000000-0000-0000-0000-000000000000';
const abort: TaskWrite = ['a', '__error__', { name: 'AbortError', message: 'This operation was aborted' }];
const thrown: TaskWrite = ['a', '__error__', { name: 'TypeError', message: 'boom' }];
const log: TaskWrite = ['a', 'log', ['a']];
const route: TaskWrite = ['a', 'branch:to:b', null];

const facts = (more: Partial<TaskFacts> = {}): TaskFacts => ({
  failed: new Set(['failed']),
  outcomeOf: () => undefined,
  hasRouter: () => false,
  wentOn: false,
  ...more,
});

const CASES: [name: string, TaskWrite[], Partial<TaskFacts>, TaskWrite[]][] = [
  ['a task that finished', [log, route], {}, [log, route]],
  ['one that was aborted before it wrote', [abort], {}, []],
  ['one that had finished when it was aborted', [abort, log], {}, [log]],
  ['one that was aborted in its router', [abort, log], { hasRouter: () => true }, []],
  ['one that had routed when it was aborted', [abort, log, route], { hasRouter: () => true }, [log, route]],
  [
    'one that the trace saw succeed',
    [abort, log],
    { hasRouter: () => true, outcomeOf: () => 'success' },
    [log],
  ],
  ['one that failed by itself, in its router', [thrown, log], {}, []],
  ['one that a later run finished', [abort, log], { wentOn: true, outcomeOf: () => 'cancelled' }, []],
  ['one that had finished before a later run', [log], { wentOn: true, outcomeOf: () => 'success' }, [log]],
];

describe('keptWrites', () => {
  it.each(CASES)('%s', (_name, writes, more, expected) => {
    const kept = keptWrites(writes, facts(more));
    expect(kept.writes).toEqual(expected);
    expect(kept.finished).toEqual(expected.length > 0 ? ['a'] : []);
    expect(kept.again).toEqual(expected.length > 0 ? [] : ['a']);
  });

  it('keeps of a failed task the answers it was resumed with, and what belongs to no task', () => {
    const resume: TaskWrite = ['failed', '__resume__', ['yes']];
    const update: TaskWrite = [NO_TASK, 'topic', 'x'];
    const kept = keptWrites([update, resume, ['failed', 'log', ['x']], ['failed', '__error__', {}]], facts());
    expect(kept).toEqual({ writes: [update, resume], finished: [], again: [] });
  });

  it('never keeps an error, nor a result of a task that failed', () => {
    const write = fc.tuple(
      fc.constantFrom('a', 'b', 'failed', NO_TASK),
      fc.constantFrom('__error__', '__resume__', '__interrupt__', 'log', 'branch:to:b', '__pregel_tasks'),
      fc.constantFrom<unknown>(
        { name: 'AbortError', message: '' },
        { name: 'Error', message: 'x' },
        'text',
        null,
      ),
    );
    fc.assert(
      fc.property(fc.array(write), fc.boolean(), fc.boolean(), (writes, routes, wentOn) => {
        const own = writes.filter(
          ([task, channel]) => task !== NO_TASK || channel !== '__error__',
        ) as TaskWrite[];
        const kept = keptWrites(own, facts({ hasRouter: () => routes, wentOn }));
        expect(kept.writes.filter(([, channel]) => channel === '__error__')).toEqual([]);
        const failed = kept.writes.filter(([task]) => task === 'failed').map(([, channel]) => channel);
        expect(failed.every((channel) => channel === '__resume__' || channel === '__interrupt__')).toBe(true);
        expect(kept.writes.every((one) => own.includes(one))).toBe(true);
      }),
      { seed: 5 },
    );
  });
});
