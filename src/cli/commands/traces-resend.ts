import { defineCommand } from '../define-command.ts';
import { choice, toggle } from '../flag.ts';

/** The parsed flags of `sluice traces resend`. */
export interface TracesResendValues {
  readonly exporter: 'langsmith' | 'otlp' | 'store' | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `sluice traces resend`. */
export const tracesResend = defineCommand({
  path: ['traces', 'resend'],
  describe:
    'Send again what LangSmith or a collector refused for good, through the exporters that are configured now. Exit code 0: all was taken, or there is nothing to resend; 2: an exporter is not configured; 3: one does not answer, has refused a trace again, or a line is damaged. What was not taken is kept.',
  positionals: {},
  flags: {
    exporter: choice('Only what was set aside for this exporter.', ['langsmith', 'otlp', 'store']),
    dryRun: toggle('Only list what is set aside, for whom and why.'),
    json: toggle('Print the result as JSON.'),
  },
  examples: [
    ['sluice traces resend --dry-run', 'what is set aside, and why'],
    ['sluice traces resend', 'send it again, once the cause is mended'],
    ['sluice traces resend --exporter otlp', 'only to the collector'],
  ],
  load: async () => (await import('./traces-resend-run.ts')).runTracesResend,
});
