import { defineCommand } from '../define-command.ts';
import type { FlagValues } from '../flag.ts';
import { decimal, integer, requiredText, text, toggle, withDefault } from '../flag.ts';

const positionals = {
  graph: requiredText('The graph to serve: ./file.ts#export.', '<file#export>'),
};

const flags = {
  path: withDefault(text('Base path of the routes.', '<path>'), '/agent'),
  port: withDefault(integer('Port to listen on; 0 takes a free one.', { max: 65_535 }), '8000'),
  host: withDefault(
    text(
      'Address to listen on. There is no authentication: other than loopback is for you to protect.',
      '<host>',
    ),
    '127.0.0.1',
  ),
  sampleRate: decimal('Share of runs without an error to record, from 0 to 1; failures always are.', {
    max: 1,
  }),
  hideInputs: toggle('Record no inputs.'),
  hideOutputs: toggle('Record no outputs.'),
  noTrace: toggle('Record nothing, and measure nothing.'),
  noMetrics: toggle('Do not answer GET /metrics, where Prometheus finds counts, durations, tokens and cost.'),
  json: toggle('Print {"url": ...} once it is listening, instead of a sentence.'),
};

/** What `sluice serve` is called with. */
export type ServeValues = FlagValues<typeof positionals> & FlagValues<typeof flags>;

/** `sluice serve`. */
export const serve = defineCommand({
  path: ['serve'],
  describe: 'Deploy a graph over HTTP with tracing on, until it is stopped.',
  positionals,
  flags,
  examples: [
    ['sluice serve ./agent.ts#graph', 'serve the graph on http://127.0.0.1:8000/agent'],
    ['sluice serve ./agent.ts#graph --port 0 --json', 'on a free port, told to another program'],
    ['sluice serve ./agent.ts#graph --sample-rate 0.1', 'record a tenth of the successes and every failure'],
  ],
  load: async () => (await import('./serve-run.ts')).runServe,
});
