// For every test file: property tests draw the same cases each time, so that a change alone makes them fail. `FC_SEED=7 npm
// test` draws others, and `FC_RUNS=1000` more.
import fc from 'fast-check';

const { FC_SEED = '20261129', FC_RUNS } = process.env;
fc.configureGlobal({ seed: Number(FC_SEED), ...(FC_RUNS !== undefined && { numRuns: Number(FC_RUNS) }) });
