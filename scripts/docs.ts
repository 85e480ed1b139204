// Fills the generated tables of docs/ and writes schemas/; with --check it changes nothing and exits 1 where a file is out
// of date.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DocTables, fillPage } from './doc-pages.ts';
import { docTables } from './doc-tables.ts';
import { RESULTS_SCHEMA_FILE, resultsJsonSchema } from './result-schema.ts';

/** A page as it is and as it should be. */
export interface DocPage {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/**
 * The pages of docs/ below `root`, with their tables filled in.
 *
 * @throws Error for a broken marker, and for a table that no page shows.
 */
export function readDocs(root: string, tables: DocTables = docTables(root)): readonly DocPage[] {
  const used = new Set<string>();
  const pages = globSync('docs/**/*.md', { cwd: root })
    .map((file) => file.replaceAll(sep, '/'))
    .sort()
    .map((file) => {
      const before = readFileSync(join(root, file), 'utf8');
      const filled = fillPage(file, before, tables);
      for (const name of filled.used) used.add(name);
      return { file, before, after: filled.text };
    });
  const idle = [...tables.keys()].filter((name) => !used.has(name));
  if (idle.length > 0) throw new Error(`No page of docs/ shows the table ${idle.join(', ')}.`);
  return pages;
}

/** The published schemas below `root`. */
export function readSchemas(root: string): readonly DocPage[] {
  const path = join(root, RESULTS_SCHEMA_FILE);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return [{ file: RESULTS_SCHEMA_FILE, before, after: resultsJsonSchema() }];
}

const isProgram =
  process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url);
if (isProgram) {
  const args = process.argv.slice(2);
  const check = args.includes('--check');
  const root = resolve(
    args.find((arg) => arg !== '--check') ?? fileURLToPath(new URL('..', import.meta.url)),
  );
  const files = [...readDocs(root), ...readSchemas(root)];
  const outdated = files.filter(({ before, after }) => before !== after);
  for (const { file, after } of outdated) {
    if (!check) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), after);
    }
    console.log(check ? `${file} is out of date; run \`npm run docs\`.` : `Wrote ${file}.`);
  }
  if (check && outdated.length > 0) process.exitCode = 1;
}
