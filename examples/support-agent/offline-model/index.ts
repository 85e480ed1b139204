export { OfflineChatModel, type OfflineChatModelOptions } from './offline-chat-model.ts';
