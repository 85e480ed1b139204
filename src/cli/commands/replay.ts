import { defineCommand } from '../define-command.ts';
import { choice, duration, type FlagValues, integer, list, text, toggle, withDefault } from '../flag.ts';
import { traceFilterFlags } from './trace-filter.ts';

const positionals = {
  traceId: text(
    'Id of the recorded run, as sluice traces list shows it, or the beginning of it. Or choose several with --status, --since and so on.',
    '<id>',
  ),
};

const flags = {
  graph: text('Graph to run it on: ./file.ts#export.', '<file#export>'),
  target: text('Deployed agent to run it on: langserve:URL.', '<spec>'),
  from: text(
    'Where the run was recorded: langsmith:[project], jaeger:URL, tempo:URL, phoenix:URL#project, or a file of sluice traces export. Without it: the embedded store.',
    '<source>',
  ),
  baseline: text(
    'The build without the patch: it is replayed too, so that a difference is known to come from the patch.',
    '<file#export>',
  ),
  fromFailure: toggle('Fork at the failing node: all before it is kept. Needs --checkpointer.'),
  checkpointer: text(
    'Where the threads of the run are kept: postgres://…, sqlite:file, pglite:folder, or http(s)://… of a LangGraph server. It is only read.',
    '<url>',
  ),
  model: withDefault(
    choice('Whether models answer as recorded or are called: recorded or live.', ['recorded', 'live']),
    'recorded',
  ),
  tools: withDefault(
    choice('The same for tools and retrievers: recorded or live. Live tools need a confirmation, or --yes.', [
      'recorded',
      'live',
    ]),
    'recorded',
  ),
  onMiss: withDefault(
    choice(
      'What a call gets that nothing recorded fits. fail: the replay stops there. live: a model is called, and a tool that --allow-tool names. stub: a made-up answer.',
      ['fail', 'live', 'stub'],
    ),
    'fail',
  ),
  allowHost: list('A host that may be connected to: api.example.com, db:5432, *.example.com.', '<host>'),
  allowTool: list('A tool that may run when nothing recorded fits its call.', '<name>'),
  yes: toggle('Run live tools without asking.'),
  ...traceFilterFlags,
  limit: withDefault(integer('How many of several runs, newest first.', { min: 1 }), '50'),
  saveExample: text('Add the input as a golden example to this dataset (.jsonl).', '<dataset>'),
  split: list('Split of the saved example.', '<name>'),
  saveCassette: toggle('Keep the recording as a cassette, to be played in tests and in CI at no cost.'),
  cassettes: withDefault(
    text('File or folder that --save-cassette writes to.', '<path>'),
    'datasets/cassettes',
  ),
  html: text('Write the comparison as a page to this file.', '<file.html>'),
  configurable: list(
    'A value that nodes read from config.configurable, which traces do not hold. Can be given several times.',
    '<key=value>',
  ),
  timeout: withDefault(duration('Time limit of one replay.'), '2m'),
  json: toggle('Print the comparison as JSON.'),
};

/** What `sluice replay` was called with. */
export type ReplayValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice replay`. */
export const replay = defineCommand({
  path: ['replay'],
  describe:
    'Run a recorded run again on a patched graph, with the recorded results of models and tools, and show what changed. Exit code 0: the failure is gone, or nothing got worse; 1: it still fails, or got worse; 3: it could not be replayed. Of several runs: 1 when any of them is 1, else 3 when any is 3.',
  positionals,
  flags,
  examples: [
    [
      '$0 replay 0198c3f2 --graph ./src/agent.ts#graph',
      'run a recorded failure on a patched graph: free, offline, exact',
    ],
    [
      '$0 replay 0198c3f2 --graph ./src/agent.ts#graph --model live',
      'a new prompt or model against the recorded tools',
    ],
    [
      '$0 replay 0198c3f2 --graph ./src/agent.ts#graph --from-failure --checkpointer postgres://localhost/agent',
      'fork at the failing node, all before it kept',
    ],
    [
      '$0 replay --status error --since 24h --graph ./src/agent.ts#graph',
      'every failure of the last day, one table',
    ],
    [
      '$0 replay 0198c3f2 --target langserve:http://127.0.0.1:8000/agent',
      'the same input to a deployed build',
    ],
  ],
  load: async () => (await import('./replay-run.ts')).runReplay,
});
