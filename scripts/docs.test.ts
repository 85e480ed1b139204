import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../src/cli/command.ts';
import { commands } from '../src/cli/commands/index.ts';
import { type Flags, kebabCase } from '../src/cli/flag.ts';
import { main } from '../src/cli/main.ts';
import { EXIT } from '../src/core/index.ts';
import { fakeContext } from '../test/support/fake-context.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { codeBlocks, fillPage, headingAnchors, markdownTable } from './doc-pages.ts';
import { describedFunction, sourceCodes } from './doc-sources.ts';
import { docTables } from './doc-tables.ts';
import { readDocs } from './docs.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const pages = readDocs(ROOT);
const files = pages.map(({ file }) => file);

function page(file: string): string {
  const found = pages.find((each) => each.file === file);
  if (found === undefined) throw new Error(`There is no page ${file}.`);
  return found.after;
}

function runProgram(...args: readonly string[]) {
  return spawnSync(process.execPath, [join(ROOT, 'scripts/docs.ts'), ...args], {
    encoding: 'utf8',
    cwd: ROOT,
  });
}

/** A command that only parses what was typed. */
function parsingOnly(command: Command): Command {
  const parse = (flags: Flags, typed: Readonly<Record<string, unknown>>) => {
    for (const [name, flag] of Object.entries(flags)) flag.schema.parse(typed[kebabCase(name)]);
  };
  return {
    ...command,
    run: async (typed) => {
      parse(command.positionals, typed);
      parse(command.flags, typed);
      return EXIT.pass;
    },
  };
}

/** The lines of a page's shell blocks that call the program, without what the shell does with the output. */
function commandLines(text: string): readonly string[] {
  return codeBlocks(text)
    .filter(({ language }) => language === 'sh' || language === 'yaml')
    .flatMap((block) => block.text.replace(/\\\n\s*/g, '').split('\n'))
    .flatMap((line) => /(?:npx |node_modules\/\.bin\/)sluice ([^>|&]*)/.exec(line)?.[1]?.trim() ?? []);
}

/** The words of a command line as a shell makes them, for quotes and plain words. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
}

describe('the pages of docs/', () => {
  it.each(files)('%s has tables that are up to date (npm run docs)', (file) => {
    const found = pages.find((each) => each.file === file);
    expect(found?.before).toBe(found?.after);
  });

  it.each(files)('%s shows only commands that the program accepts', async (file) => {
    const context = fakeContext({ cwd: ROOT });
    for (const line of commandLines(page(file))) {
      const exitCode = await main(words(line), commands.map(parsingOnly), context, '0.0.0');
      expect({ line, exitCode, said: context.stderr.text }).toEqual({ line, exitCode: EXIT.pass, said: '' });
    }
  });

  it.each(files)('%s has links that lead somewhere', (file) => {
    for (const [, target = ''] of page(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path = '', anchor] = target.split('#');
      const linked = path === '' ? file : relative(ROOT, resolve(ROOT, dirname(file), path));
      expect(existsSync(join(ROOT, linked)), `${file}: ${target}`).toBe(true);
      if (anchor === undefined) continue;
      expect([...headingAnchors(readFileSync(join(ROOT, linked), 'utf8'))], `${file}: ${target}`).toContain(
        anchor,
      );
    }
  });

  it('show commands at all', () => {
    expect(files.flatMap((file) => commandLines(page(file))).length).toBeGreaterThan(20);
  });

  it('are all in the index', () => {
    const index = page('docs/README.md');
    for (const file of files.filter((each) => each !== 'docs/README.md')) {
      expect(index).toContain(`(${relative('docs', file)})`);
    }
  });

  it('name every variable of the environment that the sources read', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT, exclude: (path) => path.endsWith('.test.ts') });
    const read = sources.flatMap((file) => [
      ...readFileSync(join(ROOT, file), 'utf8').matchAll(/'((?:SLUICE|LANGSMITH|LANGCHAIN)_[A-Z_]+)'/g),
    ]);
    const names = new Set(read.map(([, name = '']) => name));
    expect(names).toContain('SLUICE_HOME');
    const reference = page('docs/reference.md');
    expect([...names].filter((name) => !reference.includes(`\`${name}\``))).toEqual([]);
  });

  it('list every command with every flag', () => {
    const reference = page('docs/reference.md');
    for (const { path, flags } of commands) {
      const section = reference.split(`### sluice ${path.join(' ')}\n`)[1]?.split('\n### ')[0] ?? '';
      for (const name of Object.keys(flags)) expect(section).toContain(`\`--${kebabCase(name)}`);
    }
  });
});

describe('the program', () => {
  it('exits 1 with --check and names the page that is out of date, which it then mends', async () => {
    await using dir = await tempDir();
    for (const folder of ['docs', 'schemas', 'src'])
      await cp(join(ROOT, folder), join(dir.path, folder), { recursive: true });
    expect(runProgram('--check', dir.path)).toMatchObject({ status: 0, stdout: '' });
    const file = join(dir.path, 'docs/reference.md');
    const right = await readFile(file, 'utf8');
    await writeFile(file, right.replace('| `--json` |', '| `--jsonl` |'));
    expect(runProgram('--check', dir.path)).toMatchObject({
      status: 1,
      stdout: 'docs/reference.md is out of date; run `npm run docs`.\n',
    });
    expect(runProgram(dir.path)).toMatchObject({ status: 0, stdout: 'Wrote docs/reference.md.\n' });
    expect(await readFile(file, 'utf8')).toBe(right);
  });

  it('refuses a table that no page shows', () => {
    const tables = new Map([...docTables(ROOT), ['forgotten', 'x']]);
    expect(() => readDocs(ROOT, tables)).toThrow('No page of docs/ shows the table forgotten.');
  });
});

describe('filling a page', () => {
  const tables = new Map([['t', '| a |']]);

  it('replaces what is between the markers and nothing else', () => {
    const text = 'before\n<!-- generated:t -->\nold\n<!-- /generated -->\nafter\n';
    expect(fillPage('p.md', text, tables)).toEqual({
      text: 'before\n<!-- generated:t -->\n\n| a |\n\n<!-- /generated -->\nafter\n',
      used: ['t'],
    });
  });

  it('leaves markers in a fenced block alone', () => {
    const text = '````md\n```\n<!-- generated:nothing -->\n```\n````\n';
    expect(fillPage('p.md', text, tables)).toEqual({ text, used: [] });
  });

  it.each([
    ['<!-- generated:t -->', 'p.md:1: the table t is not closed.'],
    ['\n<!-- /generated -->', 'p.md:2: closes a table that is not open.'],
    ['<!-- generated:other -->\n<!-- /generated -->', 'p.md:1: there is no table other.'],
    ['<!-- generated:t -->\n<!-- generated:t -->', 'p.md:2: the table t of line 1 is still open.'],
  ])('refuses %j', (text, message) => {
    expect(() => fillPage('p.md', text, tables)).toThrow(message);
  });

  it('changes nothing the second time, and never what stands outside', () => {
    const line = fc.oneof(
      fc.constantFrom('', '```', '````', '```sh', '# Title', '| a |'),
      fc.string().map((each) => each.replace(/[\n`]/g, '')),
    );
    const table = fc.constant('<!-- generated:t -->\nold\n<!-- /generated -->');
    fc.assert(
      fc.property(fc.array(fc.oneof(line, table)), (parts) => {
        const text = parts.join('\n');
        const once = fillPage('p.md', text, tables);
        expect(fillPage('p.md', once.text, tables)).toEqual(once);
        expect(once.text.replaceAll('\n\n| a |\n\n<!-- /', '\nold\n<!-- /')).toBe(text);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});

describe('reading a page', () => {
  it('finds code blocks with their language and line', () => {
    expect(codeBlocks('x\n```sh\na\nb\n```\n````\n```\n````\n')).toEqual([
      { language: 'sh', text: 'a\nb', line: 3 },
      { language: '', text: '```', line: 7 },
    ]);
  });

  it('makes anchors as GitHub does, and takes no comment in a shell block for a heading', () => {
    const text = '# A title: `code`, more\n## Again\n## Again\n```sh\n# not this\n```\n';
    expect([...headingAnchors(text)]).toEqual(['a-title-code-more', 'again', 'again-1']);
  });

  it('keeps a cell on one line and its bars in it', () => {
    expect(markdownTable(['a', 'b'], [['x|y', 'one\n  two']])).toBe(
      '| a | b |\n| --- | --- |\n| x\\|y | one two |',
    );
  });
});

describe('reading the sources', () => {
  it('finds the codes of errors with what they say', () => {
    const source = `
      throw new UsageError('FILE_MISSING', \`There is no file \${name}.\`);
      throw new NoVerdictError('TARGET_GONE', found ? 'It is gone.' : \`It was \${what}.\`);
      throw new UsageError(code, message);
      throw new Error('NOT_OURS', 'text');
      const reason = { code: 'SCORE_LOW', effect: 'fail', message: 'Too low.' };
      const pair = ['SCORE_NEW', 'It is new.'];
    `;
    expect(sourceCodes('x.ts', source)).toEqual([
      { code: 'FILE_MISSING', givenTo: 'UsageError', messages: ['There is no file ….'] },
      { code: 'TARGET_GONE', givenTo: 'NoVerdictError', messages: ['It is gone.', 'It was ….'] },
      { code: 'SCORE_LOW', givenTo: 'object', messages: ['Too low.'] },
      { code: 'SCORE_NEW', givenTo: 'object', messages: ['It is new.'] },
    ]);
  });

  it('refuses a file with a syntax error', () => {
    expect(() => sourceCodes('x.ts', 'import {')).toThrow('x.ts: ');
  });

  it('takes the description of the first exported function', () => {
    const source = `/** Other. */\nconst a = 1;\n/**\n * Says {@link thing}\n * twice.\n *\n * @throws Error never\n */\nexport function first() {}\n`;
    expect(describedFunction('x.ts', source)).toEqual({ name: 'first', text: 'Says `thing` twice.' });
  });

  it('refuses a function without a comment', () => {
    expect(() => describedFunction('x.ts', '/** Other. */\nconst a = 1;\nexport function f() {}')).toThrow(
      'x.ts: no documented function.',
    );
  });
});
