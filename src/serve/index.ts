export { createServeApp } from './app.ts';
export type { RunConfig, ServableGraph, ServeOptions } from './options.ts';
export { type GraphServer, type StartServerOptions, startServer } from './server.ts';
