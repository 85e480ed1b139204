export { DIRECT, type DirectHandler } from './direct-handler.ts';
export { useDirectCallbacks } from './install.ts';
