// Sends the traces of two runs, one of which fails, to an OTLP collector.
import { withDestinations } from './destinations.ts';
import { runAgent } from './run-agent.ts';

await withDestinations(['otlp'], runAgent);
