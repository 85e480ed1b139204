export {
  type CallInput,
  messagesInput,
  promptInput,
  queryInput,
  requestInput,
  runInput,
  toolInput,
} from './call-input.ts';
export { type CallMatching, Matcher, type WantedCall } from './matcher.ts';
export { nodePath } from './place.ts';
export {
  describeCall,
  placeOf,
  type RecordedCall,
  type RecordedResult,
  type Recording,
  recordingOf,
  taskOf,
} from './recording.ts';
