export { readJournalHead } from './journal.ts';
export { findResumable, type ResumableQuery } from './resume.ts';
export { type RunExperimentOptions, type RunProgress, runExperiment } from './run-experiment.ts';
export { acquireRunLock, type RunLock } from './run-lock.ts';
