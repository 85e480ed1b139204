export { DIRECT, type DirectHandler } from './direct-handler.ts';
export { canUseDirectCallbacks, useDirectCallbacks } from './install.ts';
