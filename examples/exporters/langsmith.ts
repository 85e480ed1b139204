// Sends the traces of two runs, one of which fails, to LangSmith.
import { withDestinations } from './destinations.ts';
import { runAgent } from './run-agent.ts';

await withDestinations(['langsmith'], runAgent);
