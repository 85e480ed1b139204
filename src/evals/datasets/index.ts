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
export { selectSplit, splitNames } from './split.ts';
