import type { Logger } from '../core/index.ts';
import type { Counters } from './counters.ts';

/** A logger that is not ours can throw, and what it is told comes from callbacks that nobody waits for. */
export function guardedLogger(logger: Logger, counters: Counters): Logger {
  const log = (level: 'warn' | 'error') => (message: string) => {
    try {
      logger[level](message);
    } catch {
      counters.add('internal_errors', 'logger');
    }
  };
  return { warn: log('warn'), error: log('error') };
}

/** Reports as Node.js does: `process.on('warning')`, and on standard error unless it is told not to. */
export const processWarnings: Logger = {
  warn: (message) => process.emitWarning(message, { type: 'SluicegateWarning' }),
  error: (message) => process.emitWarning(message, { type: 'SluicegateWarning' }),
};
