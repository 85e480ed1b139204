export {
  type BoxContents,
  type BoxResend,
  type DamagedLetter,
  DeadLetterOffice,
} from './dead-letter-office.ts';
export { DeadLetters, type DeadLettersOptions } from './dead-letters.ts';
export type { DeadLetter } from './letter.ts';
