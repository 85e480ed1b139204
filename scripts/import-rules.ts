/** A rule about what some files may import. Paths are of the repository; one that ends in `/` is a folder. */
export interface ImportRule {
  readonly id: string;
  /** Files and folders it holds for. */
  readonly holdsFor: readonly string[];
  /** Files among those it does not hold for, each with the reason. */
  readonly except?: Readonly<Record<string, string>>;
  /** Nothing else may be imported: paths, package names, `node:` modules, or `node:*` for all of them. */
  readonly only?: readonly string[];
  /** None of these may be imported. */
  readonly never?: readonly string[];
  /** Also through other modules, and not only by the file itself. */
  readonly transitive?: boolean;
  /** The files are still to be written; from the day they are, the rule holds. */
  readonly planned?: boolean;
  /** One sentence for the person who broke it. */
  readonly says: string;
}

/** What the pure parts of evals share: types, schemas and a text helper, and nothing that these do not import themselves. */
const CONTRACTS = [
  'src/evals/example.ts',
  'src/evals/evaluator.ts',
  'src/evals/experiment.ts',
  'src/evals/escape-sequences.ts',
];

/** Packages that serve, parse a command line or belong to a platform. */
const SERVERS_AND_PARSERS = ['hono', '@hono/node-server', 'yargs', 'cli-table3', 'langsmith'];

/** The directions of the layout. The first one that an import breaks is reported. */
export const IMPORT_RULES: readonly ImportRule[] = [
  {
    id: 'core',
    holdsFor: ['src/core/'],
    only: ['src/core/', 'zod', 'node:path'],
    says: 'core imports zod and node:path alone, because everything imports core.',
  },
  {
    id: 'nothing-imports-cli',
    holdsFor: ['src/'],
    except: { 'src/cli/': 'the command line itself' },
    never: ['src/cli/'],
    says: 'nothing imports the command line: it is the outermost shell.',
  },
  {
    id: 'sampling',
    holdsFor: ['src/tracing/sampling/'],
    // node:crypto hashes the trace id: pure, and the same on every machine.
    only: ['src/core/', 'src/tracing/sampling/', 'src/tracing/span-place.ts', 'node:crypto', 'zod'],
    says: 'sampling is a pure decision: it imports core and zod alone, and node:crypto to hash the trace id.',
  },
  {
    id: 'redaction',
    holdsFor: ['src/tracing/redaction/', 'src/tracing/span-place.ts'],
    only: ['src/core/', 'src/tracing/redaction/', 'src/tracing/span-place.ts', 'zod'],
    says: 'redaction is pure: it imports core and zod alone.',
  },
  {
    id: 'stats',
    holdsFor: ['src/evals/stats/'],
    only: ['src/core/', 'src/evals/stats/'],
    says: 'statistics are pure: they import core alone.',
  },
  {
    id: 'contracts',
    holdsFor: CONTRACTS,
    only: ['src/core/', ...CONTRACTS, 'zod'],
    says: 'the contracts of evals import core, zod and each other alone: pure parts stand on them.',
  },
  {
    id: 'gate',
    holdsFor: ['src/evals/gate/'],
    only: ['src/core/', ...CONTRACTS, 'src/evals/stats/', 'src/evals/gate/', 'zod'],
    says: 'the gate is a pure decision: it imports core, statistics, the contracts of evals and zod alone.',
  },
  {
    id: 'reports',
    holdsFor: ['src/evals/reports/'],
    except: {
      'src/evals/reports/results-file.ts': 'reads and writes results.json; it renders nothing',
      'src/evals/reports/run-summary-file.ts': 'reads results.json; it renders nothing',
    },
    // node:crypto hashes the script of a page for its policy: pure, and the same on every machine.
    only: [
      'src/core/',
      ...CONTRACTS,
      'src/evals/gate/',
      'src/evals/reports/',
      'node:crypto',
      'zod',
      'cli-table3',
      'picocolors',
    ],
    says: 'reports are pure: they import core, the gate, the contracts of evals, zod and formatters alone.',
  },
  {
    id: 'tracing',
    holdsFor: ['src/tracing/'],
    never: ['src/evals/', 'src/serve/', 'src/replay/'],
    says: 'tracing runs in production processes: it never imports evals, serve or replay.',
  },
  {
    id: 'store',
    holdsFor: ['src/store/'],
    only: ['src/core/', 'src/store/', 'node:*', 'zod'],
    says: 'the store imports core alone: tracing, replay and the command line stand on it.',
  },
  {
    id: 'serve',
    holdsFor: ['src/serve/'],
    never: ['src/evals/', 'src/replay/'],
    says: 'serve deploys a graph: it may import tracing, and never evals or replay.',
  },
  {
    id: 'tracing-entry',
    holdsFor: ['src/tracing/index.ts'],
    transitive: true,
    never: [...SERVERS_AND_PARSERS, 'src/evals/', 'src/serve/', 'src/cli/', 'src/replay/'],
    says: 'who imports sluicegate/tracing loads no HTTP server, no argument parser and no evaluator.',
  },
  {
    id: 'root-entry',
    holdsFor: ['src/index.ts'],
    transitive: true,
    never: [
      ...SERVERS_AND_PARSERS,
      'src/evals/runner/',
      'src/evals/targets/',
      'src/serve/',
      'src/cli/',
      'src/replay/',
    ],
    says: 'who imports sluicegate loads no HTTP server, no argument parser and no evaluation run.',
  },
  {
    id: 'example',
    holdsFor: ['examples/support-agent/'],
    except: { 'examples/support-agent/demo.ts': 'deploys and gates the agent; it is no part of it' },
    only: [
      'examples/support-agent/',
      '@langchain/core',
      '@langchain/langgraph',
      '@langchain/openai',
      'zod',
      'node:*',
    ],
    says: 'an agent needs nothing of this project and of no platform to be traced and tested.',
  },
];

/**
 * Files of a folder that others may import although it has an `index.ts`, each with the reason.
 */
export const OPEN_FILES: Readonly<Record<string, string>> = {
  'src/tracing/internal.ts': 'for the command line; what the index exports is public',
  'src/tracing/spool/waiting.ts': 'for the command line; internal.ts would load the tracer with it',
  'src/evals/example.ts': 'a contract; the index would load every part of evals with it',
  'src/evals/evaluator.ts': 'a contract; the index would load every part of evals with it',
  'src/evals/experiment.ts': 'a contract; the index would load every part of evals with it',
  'src/evals/atomic-file.ts': 'a helper of its own; the index would load every part of evals with it',
};

/** What any file may read of the global `process`: facts that are the same for a whole process and change nothing. */
export const FREE_PROCESS_MEMBERS: readonly string[] = [
  'arch',
  'hrtime',
  'memoryUsage',
  'pid',
  'platform',
  'version',
  'versions',
];

/** What a file may use of `process` beyond that. */
export interface ProcessAllowance {
  /** Members, or `all` for a file that hands the whole object on. */
  readonly members: readonly string[] | 'all';
  readonly reason: string;
}

/** The files that may use more of `process`. */
export const PROCESS_FILES: Readonly<Record<string, ProcessAllowance>> = {
  'src/cli/bin.ts': { members: ['argv', 'stdout'], reason: 'the entry of the command' },
  'src/cli/process.ts': { members: 'all', reason: 'the shell around main: streams, signals, exit code' },
  'src/tracing/wrap.ts': {
    members: 'all',
    reason: 'the entry of the library: defaults from env and cwd, and the end of the process',
  },
  'src/tracing/tracer-logger.ts': { members: ['emitWarning'], reason: 'where warnings go without a logger' },
  'src/store/sqlite-module.ts': {
    members: 'all',
    reason: 'loads node:sqlite without its warning about being experimental',
  },
  'src/evals/runner/run-lock.ts': {
    members: ['kill'],
    reason: 'signal 0 asks whether the owner of a lock lives',
  },
};

/** Files that import what a user names, each with the reason. Everywhere else an import is a literal path. */
export const OPAQUE_IMPORT_FILES: Readonly<Record<string, string>> = {
  'src/loading/native-import.ts': 'loads the graph or the configuration that the user names',
};
