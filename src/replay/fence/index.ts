export {
  currentFence,
  currentNamespace,
  currentNode,
  Fence,
  type FencedAnswer,
  type FencedRequest,
  type FenceOptions,
  outsideFence,
  ReplayBlockedError,
} from './fence.ts';
export { isAllowedHost } from './hosts.ts';
export { removeHooks, runInFence } from './install.ts';
