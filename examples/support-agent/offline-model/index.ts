export { type Flakiness, readFlakiness } from './flakiness.ts';
export { OfflineChatModel, type OfflineChatModelOptions } from './offline-chat-model.ts';
