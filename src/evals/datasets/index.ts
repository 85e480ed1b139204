export { contentHash, datasetFingerprint } from './content-hash.ts';
export {
  type Dataset,
  type DatasetIssue,
  type DatasetOptions,
  type DatasetReport,
  formatDatasetIssue,
  loadDataset,
  readDataset,
  validateDataset,
} from './dataset.ts';
export { type ExampleSource, inMemory, pick } from './example-source.ts';
export { type OpenDataset, type OpenDatasetOptions, openDataset } from './open-dataset.ts';
export { parseShard, type ShardRef, shardOf } from './shard.ts';
export { selectSplit, splitNames } from './split.ts';
