// The graphs that the server under test deploys: of the failing builds, and recorded as a deployed agent is.
import { traceGraph } from '../../src/tracing/index.ts';
import { asking, fanOut, joined, nested, parallel } from '../support/forked-graphs.ts';

const deployed = (graph: ReturnType<typeof parallel>) =>
  traceGraph(graph, { sampleRate: 1, handleSignals: false });

export const parallelAgent = deployed(parallel({}));
export const nestedAgent = deployed(nested({}));
export const joinedAgent = deployed(joined({}));
export const fanOutAgent = deployed(fanOut({}));
export const askingAgent = deployed(asking({}));
