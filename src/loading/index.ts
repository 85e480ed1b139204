export { type LoadOptions, loadExport } from './load-export.ts';
export { type LoadedGraph, loadGraph } from './load-graph.ts';
export { type ModuleRef, parseModuleRef } from './module-ref.ts';
export { sourceFiles } from './source-files.ts';
