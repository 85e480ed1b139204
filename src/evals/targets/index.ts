export { createTarget } from './create-target.ts';
export { mentionsQuota } from './quota.ts';
export type { CreateTargetOptions, Target, TargetCallOptions, TargetResult } from './target.ts';
