import { IBAN_LENGTHS, passesLuhn, passesMod97 } from './checksum.ts';

/** A part of a text, from `start` up to and without `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Finds what must not be recorded. Takes time linear in the length of the text. */
export type Detector = (text: string) => readonly Range[];

/** Names of the built-in rules, as they are given in options and stand in `[redacted:name]`. */
export const BUILT_IN_RULES = ['email', 'phone', 'card', 'iban', 'api_key', 'jwt'] as const;
/** Name of a built-in rule. */
export type BuiltInRule = (typeof BUILT_IN_RULES)[number];

/** The built-in rules. */
export const DETECTORS: Readonly<Record<BuiltInRule, Detector>> = {
  email: findEmails,
  phone: findPhones,
  card: findCards,
  iban: findIbans,
  api_key: findApiKeys,
  jwt: findJwts,
};

/** What a regular expression matches. It is used from the start of the text and everywhere in it, whatever its flags. */
export function detectorOf(pattern: RegExp): Detector {
  const flags = new Set(`${pattern.flags}g`);
  flags.delete('y');
  const everywhere = new RegExp(pattern.source, [...flags].join(''));
  return (text) => matches(text, everywhere);
}

function matches(text: string, pattern: RegExp, accept?: (match: string) => boolean): Range[] {
  const ranges: Range[] = [];
  for (const match of text.matchAll(pattern)) {
    const [found] = match;
    if (found === '' || accept?.(found) === false) continue;
    ranges.push({ start: match.index, end: match.index + found.length });
  }
  return ranges;
}

/**
 * The left edge of a token. A letter before it normally means the middle of a word; but in JSON text that could not be
 * parsed the letter may belong to an escape such as `\n`.
 */
const LEFT_EDGE = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt]))`;

const AT_SIGN = /@|%40/g;
const LOCAL_CHARACTER = /[\p{L}\p{N}._%+'-]/u;
const DOMAIN_CHARACTER = /[\p{L}\p{N}.-]/u;
const DOMAIN = /^[^.-].*\.(?:\p{L}{2}|xn--)/u;

/** Grows outwards from each `@`: a pattern that starts at the local part would try every letter of a text without one. */
function findEmails(text: string): Range[] {
  const ranges: Range[] = [];
  let floor = 0;
  for (const at of text.matchAll(AT_SIGN)) {
    let start = at.index;
    while (start > floor && LOCAL_CHARACTER.test(text.charAt(start - 1))) start -= 1;
    const domainStart = at.index + at[0].length;
    let end = domainStart;
    while (DOMAIN_CHARACTER.test(text.charAt(end))) end += 1;
    floor = domainStart;
    while (end > domainStart && /[.-]/.test(text.charAt(end - 1))) end -= 1;
    if (start < at.index && DOMAIN.test(text.slice(domainStart, end))) ranges.push({ start, end });
  }
  return ranges;
}

const PHONES: readonly { readonly pattern: RegExp; readonly accept?: (match: string) => boolean }[] = [
  // International: +46 (0)70-123 45 67.
  { pattern: /\+[1-9](?:[ \u00a0().-]{0,3}\d){6,14}(?!\d)/g },
  // North American: (555) 123-4567, 555.123.4567.
  {
    pattern: new RegExp(
      String.raw`${LEFT_EDGE}(?<![+.-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])`,
      'g',
    ),
  },
  // With a trunk prefix and separators: 070-123 45 67, 020 7946 0958.
  {
    pattern: new RegExp(String.raw`${LEFT_EDGE}(?<![+.-])\(?0\d{1,4}\)?(?:[ /-]\d{2,8}){1,4}(?![\w-])`, 'g'),
    accept: (match) => {
      const digits = match.replaceAll(/\D/g, '').length;
      return digits >= 9 && digits <= 12 && !/^\d\d([ /-])\d\d\1\d{4}/.test(match);
    },
  },
];

function findPhones(text: string): Range[] {
  return PHONES.flatMap(({ pattern, accept }) => matches(text, pattern, accept));
}

const DIGIT_RUN = /\d(?:[ \u00a0-]?\d){12,}/g;

/** Numbers of 13 to 19 digits that start and end at a separator, begin like a payment card and pass the Luhn check. */
function findCards(text: string): Range[] {
  const ranges: Range[] = [];
  for (const run of text.matchAll(DIGIT_RUN)) {
    if (isInsideHash(text, run.index)) continue;
    for (const { start, end } of cardsInRun(run[0])) {
      ranges.push({ start: run.index + start, end: run.index + end });
    }
  }
  return ranges;
}

function cardsInRun(run: string): Range[] {
  const ranges: Range[] = [];
  const places: number[] = [];
  for (let index = 0; index < run.length; index += 1) {
    if (/\d/.test(run.charAt(index))) places.push(index);
  }
  const at = (digit: number) => places[digit] ?? run.length;
  const startsGroup = (digit: number) => digit === 0 || at(digit) > at(digit - 1) + 1;
  const endsGroup = (digit: number) => digit === places.length - 1 || at(digit + 1) > at(digit) + 1;
  const digits = run.replaceAll(/\D/g, '');
  for (let first = 0; first + 13 <= digits.length; first += 1) {
    if (!startsGroup(first) || !/[2-6]/.test(digits.charAt(first))) continue;
    for (let length = 19; length >= 13; length -= 1) {
      const last = first + length - 1;
      if (last >= digits.length || !endsGroup(last) || !passesLuhn(digits.slice(first, last + 1))) continue;
      ranges.push({ start: at(first), end: at(last) + 1 });
      first = last;
      break;
    }
  }
  return ranges;
}

const HASH = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,})$/i;
/** Longer hexadecimal text than a SHA-512 is no identifier. */
const MAX_HASH_LENGTH = 128;

/** Identifiers are full of digits: one in ten passes the Luhn check by chance. */
function isInsideHash(text: string, index: number): boolean {
  const isHex = (place: number) => /[0-9a-f-]/i.test(text.charAt(place));
  let start = index;
  while (isHex(start - 1) && index - start <= MAX_HASH_LENGTH) start -= 1;
  let end = index;
  while (isHex(end) && end - start <= MAX_HASH_LENGTH) end += 1;
  const token = text.slice(start, end);
  return /[a-f]/i.test(token) && HASH.test(token);
}

const IBAN_START = new RegExp(
  String.raw`(?:${LEFT_EDGE}|(?<=iban))[A-Z]{2}\d{2}(?=[ \u00a0-]?[A-Z0-9])`,
  'gi',
);

function findIbans(text: string): Range[] {
  const ranges: Range[] = [];
  for (const match of text.matchAll(IBAN_START)) {
    const country = match[0].slice(0, 2).toUpperCase();
    const length = IBAN_LENGTHS.get(country);
    if (length === undefined) continue;
    let iban = '';
    let end = match.index;
    while (iban.length < length) {
      const separated = /[ \u00a0-]/.test(text.charAt(end)) ? 1 : 0;
      const character = text.charAt(end + separated);
      if (!/[A-Za-z0-9]/.test(character)) break;
      iban += character;
      end += separated + 1;
    }
    if (iban.length === length && passesMod97(iban)) ranges.push({ start: match.index, end });
  }
  return ranges;
}

/** Keys with a prefix of their own. A key has a digit somewhere; `sk-learn-preprocessing-tools` has none. */
const PREFIXED_KEY = new RegExp(
  `${LEFT_EDGE}(?:sk-|[srp]k_(?:live|test)_|lsv2_|ls__|gh[opsur]_|github_pat_|glpat-|xox[a-z]-|xapp-|AIza|npm_|hf_|gsk_|` +
    'pypi-|dop_v1_|shpat_|SG\\.|ya29\\.)[A-Za-z0-9_.-]{12,}',
  'g',
);
const AWS_KEY_ID = new RegExp(`${LEFT_EDGE}(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])`, 'g');
const CREDENTIAL = /(?<=\bBearer[ \t]{1,4})[A-Za-z0-9._~+/=-]{8,}/gi;
/** Of a webhook: base64, also without a digit. */
const SIGNING_SECRET = new RegExp(`${LEFT_EDGE}whsec_[A-Za-z0-9+/_-]{12,}={0,2}`, 'g');
/** In a connection string. */
const SHARED_KEY = /(?<=(?:AccountKey|SharedAccessKey)[ \t]{0,4}=[ \t]{0,4})[A-Za-z0-9+/_%-]{16,}={0,2}/gi;
const BASIC_CREDENTIAL = /(?<=Basic[ \t]{1,4})[A-Za-z0-9+/]{4,}={0,2}/gi;
/** Characters of it that are looked into: of whole bytes. */
const MAX_BASIC_START = 512;
const USER_AND_PASSWORD = /^[ -~]+:[^\p{Cc}]*$/u;
const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,-]*/g;

function findApiKeys(text: string): Range[] {
  return [
    ...matches(text, PREFIXED_KEY, (match) => /\d/.test(match)),
    ...matches(text, AWS_KEY_ID),
    ...matches(text, CREDENTIAL, (match) => match.length >= 20 || /[\d._~+/=]/.test(match)),
    ...matches(text, SIGNING_SECRET),
    ...matches(text, SHARED_KEY),
    ...matches(text, BASIC_CREDENTIAL, isUserAndPassword),
    ...matches(text, PRIVATE_KEY),
  ];
}

/** Many words after "basic" are base64 too; what they mean in it is no text. */
function isUserAndPassword(base64: string): boolean {
  const digits = base64.replace(/=+$/, '').slice(0, MAX_BASIC_START);
  // One digit more than whole bytes take: it was cut off.
  return USER_AND_PASSWORD.test(atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits));
}

const TOKEN_RUN = /[A-Za-z0-9_.-]{16,}/g;

/** Two or three parts of base64url, the first of which starts like a JSON object. The signature may be cut off. */
function findJwts(text: string): Range[] {
  const ranges: Range[] = [];
  for (const run of text.matchAll(TOKEN_RUN)) {
    const start = run[0].indexOf('eyJ');
    if (start < 0) continue;
    const [header = '', claims = ''] = run[0].slice(start).split('.', 2);
    if (header.length < 10 || claims.length < 4) continue;
    ranges.push({ start: run.index + start, end: run.index + run[0].length });
  }
  return ranges;
}
