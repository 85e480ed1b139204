export { type PlayOptions, playInput } from './play-input.ts';
export { openPlayer, type PlayedRecording, type PlayRecordedOptions, playRecorded } from './play-recorded.ts';
export { type OnMiss, type Player, type PlayerOptions, ReplayMissError, STUB_TEXT } from './player.ts';
export { awaitTrace } from './run-traced.ts';
export { installSubstitution, removeSubstitution } from './substitution.ts';
