import { defineCommand } from '../define-command.ts';
import { duration, type FlagValues, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  graph: text('With --leaks, the graph to run: ./file.ts#export.', '<file#export>'),
};

const flags = {
  leaks: toggle(
    'Run the graph once with canary values and list the recorded fields by which one would leave. Its tools and models really run.',
  ),
  input: withDefault(
    text('Input that gives the shape; a canary is added to each of its texts.', '<json>'),
    'one user message',
  ),
  checkpoints: text(
    'Look into the checkpoints of an agent: damaged threads, orphans, indexes, growth. Reads alone. A postgres:// URL, sqlite:FILE or pglite:FOLDER.',
    '<url>',
  ),
  hideInputs: toggle('Hide inputs, as the option hideInputs does.'),
  hideOutputs: toggle('Hide outputs, as the option hideOutputs does.'),
  hideMetadata: toggle('Hide metadata and tags, as the option hideMetadata does.'),
  redact: toggle('Redact by all built-in rules; the canaries are e-mail addresses then.'),
  timeout: withDefault(duration('Time limit of the run, or of each query with --checkpoints.'), '2m; 30s'),
  json: toggle('Print the result as JSON.'),
};

/** What `sluice doctor` was called with. */
export type DoctorValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice doctor`. */
export const doctor = defineCommand({
  path: ['doctor'],
  describe:
    'Check the configuration, the store and where traces are sent; with --leaks, what a graph would let out; with --checkpoints, a database of checkpoints. Exit code 0: all is well; 1: a canary value would leave, or checkpoints are damaged; 2: something has to be mended here; 3: something does not answer, or the graph could not be run.',
  positionals,
  flags,
  examples: [
    ['sluice doctor', 'check this machine and its settings'],
    [
      'sluice doctor --leaks ./src/agent.ts#graph --hide-inputs --hide-outputs --hide-metadata',
      'prove that nothing leaves when everything is hidden',
    ],
    [
      `sluice doctor --leaks ./src/agent.ts#graph --input '{"question":"hi"}'`,
      'with an input of another shape',
    ],
    ['sluice doctor --checkpoints "$DATABASE_URL"', 'find damaged threads, and what retention would take'],
  ],
  load: async () => (await import('./doctor-run.ts')).runDoctor,
});
