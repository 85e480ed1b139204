export { createTarget } from './create-target.ts';
export type { CreateTargetOptions, Target, TargetCallOptions, TargetResult } from './target.ts';
