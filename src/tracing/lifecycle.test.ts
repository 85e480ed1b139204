import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onProcessEnd } from './lifecycle.ts';

class FakeProcess extends EventEmitter {
  readonly pid = 4242;
  readonly killed: string[] = [];
  kill(pid: number, signal: string) {
    this.killed.push(`${pid} ${signal}`);
  }
}

function setup(process = new FakeProcess()) {
  const calls: string[] = [];
  const release = onProcessEnd(process, {
    flush: async () => void calls.push('flush'),
    drain: async () => void calls.push('drain'),
    persist: () => void calls.push('persist'),
  });
  return { process, calls, release };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('onProcessEnd', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'writes everything and then dies of %s when nobody else listens',
    async (signal) => {
      const { process, calls } = setup();
      process.emit(signal);
      expect(process.killed).toEqual([]);
      await settled();
      expect(calls).toEqual(['drain']);
      expect(process.killed).toEqual([`4242 ${signal}`]);
      expect(process.listenerCount(signal)).toBe(0);
    },
  );

  it('leaves the end of the process to the application that listens too, and its runs under way alone', async () => {
    const { process, calls } = setup();
    process.on('SIGTERM', () => {});
    process.emit('SIGTERM');
    await settled();
    expect(calls).toEqual(['flush']);
    expect(process.killed).toEqual([]);
  });

  it('does not take another copy of this package for the application', async () => {
    const { process, calls } = setup();
    const other = setup(process);
    process.emit('SIGTERM');
    await settled();
    expect([calls, other.calls]).toEqual([['drain'], ['drain']]);
    expect(process.killed).toEqual(['4242 SIGTERM', '4242 SIGTERM']);
    expect(process.listenerCount('SIGTERM')).toBe(0);
  });

  it('writes once when the signal is sent again meanwhile, as npm does', async () => {
    const { process, calls } = setup();
    process.emit('SIGINT');
    process.emit('SIGINT');
    await settled();
    expect(calls).toEqual(['drain']);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  it('writes once when the event loop is empty', async () => {
    const { process, calls } = setup();
    process.emit('beforeExit');
    process.emit('beforeExit');
    await settled();
    expect(calls).toEqual(['drain']);
  });

  it('saves what is decided when the process is told to exit at once', () => {
    const { process, calls } = setup();
    process.emit('exit');
    expect(calls).toEqual(['persist']);
  });

  it('takes its listeners off', () => {
    const { process, release } = setup();
    release();
    expect(process.eventNames()).toEqual([]);
  });
});
