export { type ReplayPageFacts, renderReplayPage } from './page.ts';
