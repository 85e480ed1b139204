export { CallColumns } from './call-columns.ts';
export { ScoreColumns } from './score-columns.ts';
