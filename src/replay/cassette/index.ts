export { CASSETTE_SCHEMA_VERSION, type Cassette, cassetteOf } from './cassette.ts';
export { CassetteDeck, type CassettePlayOptions } from './cassette-deck.ts';
export {
  CASSETTE_SUFFIX,
  DEFAULT_CASSETTE_FOLDER,
  listCassettes,
  readCassette,
  readCassettes,
  saveCassette,
} from './cassette-file.ts';
export { type CassetteVerdict, type VerifyCassetteOptions, verifyCassette } from './verify-cassette.ts';
