// Sends the traces of two runs, one of which fails, to LangSmith and to an OTLP collector at once.
import { withDestinations } from './destinations.ts';
import { runAgent } from './run-agent.ts';

await withDestinations(['langsmith', 'otlp'], runAgent);
