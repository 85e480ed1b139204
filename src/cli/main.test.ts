import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fakeContext } from '../../test/support/fake-context.ts';
import { EXIT, NoVerdictError, UsageError } from '../core/index.ts';
import type { Command, CommandContext } from './command.ts';
import { commands } from './commands/index.ts';
import { defineCommand } from './define-command.ts';
import { choice, integer, list, requiredText, text, toggle, withDefault } from './flag.ts';
import { main } from './main.ts';

/** A command that keeps what it was called with, and throws what it is told to. */
function recorder(thrown?: unknown): { readonly command: Command; readonly calls: unknown[] } {
  const calls: unknown[] = [];
  const command = defineCommand({
    path: ['copy'],
    describe: 'Copy a file.',
    positionals: { from: requiredText('What to copy.'), to: text('Where to.') },
    flags: {
      mode: withDefault(choice('How.', ['fast', 'careful', 'so slow that it is safe']), 'fast'),
      maxSize: integer('Largest file.', { min: 1 }),
      tag: list('A word about it.', '<word>'),
      force: toggle('Whatever it costs.'),
    },
    examples: [['$0 copy a b', 'copy a to b']],
    load: async () => async (values) => {
      if (thrown !== undefined) throw thrown;
      calls.push(values);
      return EXIT.pass;
    },
  });
  return { command, calls };
}

const group = (name: string) =>
  defineCommand({
    path: ['box', name],
    describe: `Does ${name}.`,
    positionals: {},
    flags: {},
    examples: [[`$0 box ${name}`, 'does it']],
    load: async () => async () => EXIT.pass,
  });

async function sluice(
  argv: readonly string[],
  options: { thrown?: unknown; context?: Partial<CommandContext> } = {},
) {
  const { command, calls } = recorder(options.thrown);
  const context = fakeContext({ cwd: '/' });
  const code = await main(
    argv,
    [command, group('open'), group('close')],
    { ...context, ...options.context },
    '1.2.3',
  );
  return { code, calls, out: context.stdout.text, err: context.stderr.text };
}

describe('what was typed', () => {
  it('reaches the command, parsed', async () => {
    const { code, calls } = await sluice([
      'copy',
      'a',
      'b',
      '--mode',
      'careful',
      '--max-size=5',
      '--tag',
      'x',
      '--tag=y',
      '--force',
    ]);
    expect(code).toBe(0);
    expect(calls).toEqual([
      { from: 'a', to: 'b', mode: 'careful', maxSize: 5, tag: ['x', 'y'], force: true },
    ]);
  });

  it('leaves what is not given out', async () => {
    const { calls } = await sluice(['copy', 'a']);
    expect(calls).toEqual([
      { from: 'a', to: undefined, mode: undefined, maxSize: undefined, tag: [], force: false },
    ]);
  });

  it('is text where text is asked for, also when it looks like a number, a switch or a version', async () => {
    expect((await sluice(['copy', '007', '1e3'])).calls).toMatchObject([{ from: '007', to: '1e3' }]);
    expect((await sluice(['copy', 'true', '--tag', 'false'])).calls).toMatchObject([
      { from: 'true', tag: ['false'] },
    ]);
    expect((await sluice(['copy', '--', '--version', '-h'])).calls).toMatchObject([
      { from: '--version', to: '-h' },
    ]);
  });

  it.each([
    [['evla'], 'There is no command "evla".'],
    [['box', 'opne'], 'There is no command "box opne".'],
    [['box'], 'Which box command?'],
    [[], 'Which command?'],
    [['--force', 'copy'], 'The command comes first.'],
    [['evla', '--help'], 'There is no command "evla".'],
    [['copy'], '<from> is missing.'],
    [['copy', ''], '<from> needs a value.'],
    [['copy', 'a', 'b', 'c'], 'Unexpected argument "c".'],
    [['copy', 'a', 'b', '--', 'c'], 'Unexpected argument "c".'],
    [['copy', 'a', '--bogus'], 'There is no option --bogus.'],
    [['copy', 'a', '--bogus=1'], 'There is no option --bogus.'],
    [['copy', 'a', '-x'], 'There is no option -x.'],
    [['copy', 'a', '--maxSize', '5'], 'There is no option --maxSize.'],
    [['copy', 'a', '--no-force'], 'There is no option --no-force.'],
    [['copy', 'a', '--mode'], '--mode needs a value.'],
    [['copy', 'a', '--mode', '--force'], '--mode needs a value.'],
    [['copy', 'a', '--mode='], '--mode needs a value.'],
    [['copy', 'a', '--mode', 'fast', '--mode', 'careful'], '--mode is given more than once.'],
    [['copy', 'a', '--force=yes'], '--force takes no value.'],
    [['copy', 'a', '--force=false'], '--force takes no value.'],
    [['copy', 'a', '--mode', 'slow'], '--mode must be one of fast, careful, so slow that it is safe.'],
    [['copy', 'a', '--max-size', 'abc'], '--max-size must be a whole number of at least 1, not "abc".'],
    [['copy', 'a', '--max-size', '0'], '--max-size must be a whole number of at least 1, not "0".'],
  ])('is refused: %j', async (argv, message) => {
    const { code, calls, out, err } = await sluice(argv);
    expect({ code, calls, out }).toEqual({ code: 2, calls: [], out: '' });
    expect(err.split('\n')[0]).toBe(`sluice: ${message}`);
    expect(err).not.toMatch(/\n {4}at /);
  });
});

describe('help', () => {
  it.each([[['--help']], [['-h']], [['help']]])('of the program has every command: %j', async (argv) => {
    const { code, out } = await sluice(argv);
    expect(code).toBe(0);
    for (const line of ['copy <from> [to]  Copy a file.', 'box open', 'box close'])
      expect(out).toContain(line);
  });

  it.each([[['box', '--help']], [['--help', 'box']], [['help', 'box']]])('of a group: %j', async (argv) => {
    const { code, out } = await sluice(argv);
    expect(code).toBe(0);
    expect(out).toContain('box close');
    expect(out).not.toContain('copy');
  });

  it.each([[['copy', '--help']], [['copy', 'a', '--bogus', '-h']], [['help', 'copy']]])(
    'of a command: %j',
    async (argv) => {
      const { code, out, calls } = await sluice(argv);
      expect({ code, calls }).toEqual({ code: 0, calls: [] });
      expect(out).toBe(`Usage: sluice copy <from> [to] [options]

Copy a file.

Arguments:
  from  What to copy.
  to    Where to.

Options:
  --mode <choice>  How. [one of: fast, careful, so slow that it is safe]
                   [default: fast]
  --max-size <n>   Largest file.
  --tag <word>     A word about it. [may be repeated]
  --force          Whatever it costs.
  --help           Show this.

Examples:
  sluice copy a b
      copy a to b

Exit codes: 0 pass, 1 the gate failed, 2 wrong usage, 3 no verdict, 130
interrupted.
`);
    },
  );

  describe.each(commands.map((command) => [command.path.join(' '), command] as const))(
    'of %s',
    (name, command) => {
      it.each([40, 80, 200])('fits %i columns and names every flag, with an example', async (columns) => {
        const context = fakeContext({ cwd: '/', stdout: { columns } });
        expect(await main([...command.path, '--help'], commands, context, '1.2.3')).toBe(0);
        const lines = context.stdout.text.split('\n');
        const examples = lines.indexOf('Examples:');
        expect(examples).toBeGreaterThan(0);
        expect(lines[examples + 1]).toMatch(new RegExp(`^  .*sluice ${name}`));
        expect(context.stdout.text).not.toContain('$0');
        const widest = Math.max(...lines.slice(0, examples).map((line) => line.length));
        expect(widest).toBeLessThanOrEqual(Math.min(110, Math.max(60, columns)));
        for (const flag of Object.keys(command.flags))
          expect(context.stdout.text).toMatch(
            new RegExp(`^  --${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}( |$)`, 'm'),
          );
      });
    },
  );

  it('has examples that the commands accept', async () => {
    for (const command of commands) {
      for (const [line] of command.examples) {
        const argv = line
          .replace(/ [>|].*$/, '')
          .split(' ')
          .slice(1);
        const seen: unknown[] = [];
        const parsing: Command = {
          ...command,
          run: async (typed) => {
            seen.push(typed);
            return EXIT.pass;
          },
        };
        const context = fakeContext({ cwd: '/' });
        expect([line, await main(argv, [parsing], context, '1.2.3'), context.stderr.text]).toEqual([
          line,
          0,
          '',
        ]);
        expect(seen).toHaveLength(1);
      }
    }
  });
});

it.each([[['--version']], [['copy', '--version']]])('prints the version: %j', async (argv) => {
  expect(await sluice(argv)).toMatchObject({ code: 0, out: '1.2.3\n', err: '' });
});

describe('what goes wrong', () => {
  it('is one line and the way out, with the exit code of the error', async () => {
    const usage = new UsageError('X', 'It is not there.', { hint: 'Look elsewhere.' });
    expect(await sluice(['copy', 'a'], { thrown: usage })).toMatchObject({
      code: 2,
      out: '',
      err: 'sluice: It is not there.\n  Look elsewhere.\n',
    });
    const none = new NoVerdictError('Y', 'Nobody answers.');
    expect(await sluice(['copy', 'a'], { thrown: none })).toMatchObject({
      code: 3,
      err: 'sluice: Nobody answers.\n',
    });
  });

  it('shows no stack of a defect, and says how to see it', async () => {
    const { code, err } = await sluice(['copy', 'a'], { thrown: new TypeError('x is not a function') });
    expect(code).toBe(3);
    expect(err).toBe(
      'sluice: unexpected error: x is not a function\n  Set SLUICE_DEBUG=1 to see where it came from.\n',
    );
  });

  it('shows the stack of a defect when asked to', async () => {
    const { code, err } = await sluice(['copy', 'a'], {
      thrown: new TypeError('x is not a function'),
      context: { env: { SLUICE_DEBUG: '1' } },
    });
    expect(code).toBe(3);
    expect(err).toMatch(/\n {4}at .*main\.test\.ts/);
  });

  it('is an interruption once the signal is aborted', async () => {
    const { code, err } = await sluice(['copy', 'a'], {
      thrown: new Error('aborted'),
      context: { signal: AbortSignal.abort() },
    });
    expect({ code, err }).toEqual({ code: 130, err: 'Interrupted.\n' });
  });
});

describe('the process', () => {
  const args = ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('bin.ts', import.meta.url))];
  const env = { PATH: process.env['PATH'] ?? '' };

  it('exits with the code, and prints no colour into a pipe', () => {
    const help = spawnSync(process.execPath, [...args, '--help'], { encoding: 'utf8', env });
    expect(help).toMatchObject({ status: 0, stderr: '' });
    const wrong = spawnSync(process.execPath, [...args, 'evla'], { encoding: 'utf8', env });
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(help.stdout + wrong.stderr).not.toContain('\u001B');
  });

  it('ends quietly when the reader of its output goes away', async () => {
    const child = spawn(process.execPath, [...args, '--help'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      err += chunk;
    });
    const [code] = await once(child, 'close');
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});
