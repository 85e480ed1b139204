import { withoutEscapes } from '../escape-sequences.ts';
import {
  AUXILIARIES,
  CONNECTIVES,
  DETERMINERS,
  FINITE,
  FUTURE,
  JOINERS,
  NEGATORS,
  PRONOUNS,
} from './clause-words.ts';

/** A part of a text that ends with a full stop, question mark, colon, semicolon, dash or the end of a paragraph. */
export interface Sentence {
  /** Words of each clause, in order. */
  readonly clauses: readonly (readonly string[])[];
  /** What it ends with; empty at the end of a paragraph. */
  readonly end: string;
}

/** Phrases whose `no` or `not` denies nothing, and conjunctions of several words. */
const REWRITES: readonly (readonly [RegExp, string])[] = [
  [/\bnot (?=only\b|just\b|merely\b|simply\b)/g, ''],
  [
    /\b(?:no (?:problem|worries|doubt)|not (?:a|an) (?:problem|issue)|not to worry|(?:do not|don't) worry)\b/g,
    ' ',
  ],
  [/\bno(?= *(?:#|\d))/g, ' '],
  [/\bas (?:soon|long) as\b/g, ' once '],
  [/\b(?:in case|provided that|provided|assuming|in the event)\b/g, ' if '],
  [/\bmak(?:e|ing) sure\b/g, ' ensure '],
  [/\bso far\b/g, ' '],
  [/\b(?:instead of|rather than)\b/g, ' without '],
  [/\b(?:yet|still) to (?=be\b|get\b|have\b)/g, ' not '],
  [/\b(?:far from|out of the question)\b/g, ' not '],
];

/** Whether any of them can apply: most sentences have none of these words. */
const REWRITABLE =
  /\b(?:no|not|don't|as|case|provided|assuming|event|mak(?:e|ing)|so|of|rather|yet|still|far)\b/;

/**
 * Cuts a text into sentences and clauses, as far as the words of {@link ./clause-words.ts} tell: an approximation for
 * English answers, not a parser. Linear in the length of the text.
 */
export function sentences(text: string): Sentence[] {
  const plain = lowered(text);
  const found: Sentence[] = [];
  const asides: string[] = [];
  const inline = plain
    // "(not) refunded" belongs to its sentence; "(at this time)" stands beside it.
    .replace(/\(([^()]*)\)/g, (_whole, inner: string) => {
      if (wordsOf(inner).every((word) => NEGATORS.has(word) || word === 'yet' || word === 'been')) {
        return ` ${inner} `;
      }
      asides.push(inner);
      return ' ';
    })
    .replace(/ [—–-]{1,2} ([^—–.!?;:\n]{1,200}) [—–-]{1,2} /g, (_whole, inner: string) => {
      asides.push(inner);
      return ' ';
    });
  for (const part of [inline, ...asides]) {
    const pieces = part.split(/([.!?…。！？]{1,8}(?=["')\]*_~\s]|$)|[。！？;:\n()[\]]|[—–]| -{1,2} )/u);
    for (let index = 0; index < pieces.length; index += 2) {
      const clauses = clausesOf(pieces[index] ?? '');
      if (clauses.length > 0) found.push({ clauses, end: (pieces[index + 1] ?? '').trim() });
    }
  }
  return found;
}

/** The words of a phrase as clauses have them: NFKC, lower case, hyphens apart. */
export function wordsOf(phrase: string): string[] {
  return lowered(phrase).match(/[\p{L}\p{N}\p{M}]+(?:'[\p{L}\p{N}\p{M}]+)*/gu) ?? [];
}

function lowered(text: string): string {
  let plain = withoutEscapes(text)
    .normalize('NFKC')
    // Marks that join, hide or turn around what is beside them.
    .replace(/\p{Cf}/gu, '')
    .replace(/[^\P{Cc}\s]/gu, ' ')
    .replace(/[‘’ʼ`´]/g, "'")
    .replace(/[^\S\n]+/g, ' ')
    // A line that goes on in lower case was only wrapped.
    .replace(/ ?\n ?(?=\p{Ll})/gu, ' ')
    .toLowerCase();
  if (!REWRITABLE.test(plain)) return plain;
  for (const [pattern, replacement] of REWRITES) plain = plain.replace(pattern, replacement);
  return plain;
}

/** A segment that only comments on its sentence, such as ", as you know," or ", however,". */
function isAside(words: readonly string[]): boolean {
  const first = words[0] ?? '';
  return first === 'as' || first === 'which' || first === 'who' || CONNECTIVES.has(first);
}

function clausesOf(sentence: string): string[][] {
  const clauses: string[][] = [];
  let beforeAside: string[] | undefined;
  for (const segment of sentence.split(/,(?=\D|$)/)) {
    const words = wordsOf(segment);
    const first = words[0];
    if (first === undefined) continue;
    const current = clauses.at(-1);
    let open: string[];
    if (current !== undefined && beforeAside !== undefined && AUXILIARIES.has(first)) {
      open = beforeAside;
    } else if (current === undefined || isAside(words) || beginsClause(words, 0)) {
      open = [];
      clauses.push(open);
    } else {
      open = current;
    }
    beforeAside = isAside(words) ? current : undefined;
    for (const [index, word] of words.entries()) {
      const splits =
        index > 0 && (CONNECTIVES.has(word) || (JOINERS.has(word) && beginsClause(words, index + 1)));
      if (splits) {
        open = [];
        clauses.push(open);
      }
      open.push(word);
    }
  }
  return clauses;
}

const LOOK_AHEAD = 12;

/** Whether a clause with a subject and a verb of its own, a request, or an inverted question begins at this word. */
function beginsClause(words: readonly string[], at: number): boolean {
  const first = words[at];
  if (first === undefined) return false;
  if (first === 'please' || first === 'let') return true;
  const second = words[at + 1] ?? '';
  if (AUXILIARIES.has(first) || first.endsWith("n't")) {
    // "and have escalated it" after a joiner has its own verb; after a comma it is the sentence going on.
    return PRONOUNS.has(second) || DETERMINERS.has(second) || (at > 0 && FINITE.has(first));
  }
  if (PRONOUNS.has(first)) return true;
  if (JOINERS.has(first) && at === 0) return beginsClause(words, 1);
  // A noun phrase: a clause when its verb follows before the next joiner.
  for (const word of words.slice(at + 1, at + LOOK_AHEAD)) {
    if (JOINERS.has(word) || CONNECTIVES.has(word)) return false;
    if (FINITE.has(word) || FUTURE.has(word) || word.endsWith("n't")) return !/ed$/.test(first);
  }
  return false;
}
