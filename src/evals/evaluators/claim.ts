import {
  ACHIEVING,
  AGENTS,
  AUXILIARIES,
  CONDITIONS,
  DETERMINERS,
  FINITE,
  FUTURE,
  MODALS,
  NEGATORS,
  PAST,
  QUESTION_WORDS,
  UNREAL,
} from './clause-words.ts';
import { type Sentence, sentences, wordsOf } from './clauses.ts';

/** The words that say that a request is resolved, unless a suite configures others. */
export const DEFAULT_RESOLUTION_WORDS: readonly string[] = ['resolved', 'completed', 'refunded', 'escalated'];

/** What an answer claims. */
export type Claim =
  | { readonly resolved: true; readonly word: string }
  | { readonly resolved: false; readonly reason: string };

type Objection =
  | 'denied'
  | 'only asked'
  | 'only conditional'
  | 'only possible or wished for'
  | 'only a description';

/**
 * Whether a text claims that something is resolved: one of the words stands in it as a whole word, in any case, and its
 * clause neither denies it ("could not be completed"), asks it ("would you like it refunded?"), makes it a condition
 * ("once it is refunded", "will be refunded if"), nor speaks of a wish or possibility ("can be refunded"). A plain
 * promise ("will be refunded") counts. A word may be a phrase of several words. The words can be of any script; the
 * reading of the clause knows English. Linear in the length of the text.
 */
export function claimsResolution(text: string, words: readonly string[] = DEFAULT_RESOLUTION_WORDS): Claim {
  const phrases = phrasesOf(words);
  let objection: { readonly word: string; readonly why: Objection } | undefined;
  const all = sentences(text);
  for (const [index, sentence] of all.entries()) {
    for (const { at, word, why } of occurrences(sentence, phrases)) {
      const denied = why ?? (isDeniedByValue(sentence, at, all[index + 1]) ? 'denied' : undefined);
      if (denied === undefined) return { resolved: true, word };
      objection ??= { word, why: denied };
    }
  }
  return {
    resolved: false,
    reason:
      objection === undefined
        ? 'The answer has no word of resolution.'
        : `The answer's "${objection.word}" is ${objection.why}.`,
  };
}

interface Phrase {
  readonly word: string;
  readonly parts: readonly string[];
}

/** An evaluator asks with the same list for every answer. */
const cutPhrases = new WeakMap<readonly string[], readonly Phrase[]>();

function phrasesOf(words: readonly string[]): readonly Phrase[] {
  const known = cutPhrases.get(words);
  if (known !== undefined) return known;
  const phrases = words
    .map((word) => ({ word, parts: wordsOf(word) }))
    .filter(({ parts }) => parts.length > 0);
  cutPhrases.set(words, phrases);
  return phrases;
}

interface Occurrence {
  readonly word: string;
  /** Words left in the sentence after it. */
  readonly at: number;
  readonly why: Objection | undefined;
}

function* occurrences(sentence: Sentence, phrases: readonly Phrase[]): Generator<Occurrence> {
  const { clauses } = sentence;
  let conditionBefore = false;
  for (const [index, words] of clauses.entries()) {
    const isLast = index === clauses.length - 1;
    const first = words[0] ?? '';
    const asks =
      sentence.end.includes('?') || sentence.end.includes('？')
        ? isLast || AUXILIARIES.has(first) || QUESTION_WORDS.has(first)
        : false;
    const lastCondition = words.findLastIndex((word) => CONDITIONS.has(word));
    const conditionNext = CONDITIONS.has(clauses[index + 1]?.[0] ?? '');
    const lastNegator = words.findLastIndex((word) => word !== 'without' && isNegator(word));
    const mood = new Mood();
    for (const [at, word] of words.entries()) {
      const phrase = phrases.find(({ parts }) => parts.every((part, offset) => words[at + offset] === part));
      if (phrase !== undefined) {
        const end = at + phrase.parts.length;
        const why = ((): Objection | undefined => {
          if (mood.denied) return 'denied';
          if (asks) return 'only asked';
          if (mood.conditional) return 'only conditional';
          const open = mood.future || mood.unreal || !mood.past;
          if (open && mood.hasVerb && (conditionBefore || lastCondition >= end)) return 'only conditional';
          if (mood.future && conditionNext) return 'only conditional';
          if (mood.unreal && !AGENTS.has(words[at - 1] ?? '')) return 'only possible or wished for';
          if (DETERMINERS.has(words[at - 1] ?? '') && end < words.length) return 'only a description';
          // "Completed orders cannot be changed."
          if (at === 0 && lastNegator >= end) return 'denied';
          return undefined;
        })();
        yield { word: phrase.word, at: isLast ? words.length - end : Number.POSITIVE_INFINITY, why };
      }
      mood.read(word, words[at - 1] ?? '', words[at - 2] ?? '', words[at + 1] ?? '');
    }
    conditionBefore ||= CONDITIONS.has(first);
  }
}

/** What the words of a clause so far say about what comes next. */
class Mood {
  denied = false;
  conditional = false;
  unreal = false;
  future = false;
  past = false;
  hasVerb = false;

  read(word: string, previous: string, beforePrevious: string, next: string): void {
    if (isNegator(word)) this.denied = true;
    if (CONDITIONS.has(word)) this.conditional = true;
    const isInfinitive = word === 'have' && MODALS.has(previous);
    if (FINITE.has(word) && !isInfinitive) {
      // "has to be completed" is a duty, "has been completed" is not.
      this.unreal = next === 'to';
      this.hasVerb = true;
      if (PAST.has(word)) this.past = next !== 'to';
    } else if (UNREAL.has(word)) {
      this.unreal = true;
      this.hasVerb = true;
    } else if (word === 'to' && ['be', 'get', 'have', 'see'].includes(next)) {
      const isAchieved =
        previous === 'able' ? ['was', 'were', 'been'].includes(beforePrevious) : ACHIEVING.has(previous);
      if (!isAchieved) this.unreal = true;
    }
    if (FUTURE.has(word)) {
      this.future = true;
      this.hasVerb = true;
    }
  }
}

function isNegator(word: string): boolean {
  return NEGATORS.has(word) || word.endsWith("n't");
}

/** "Refunded: no". */
function isDeniedByValue(sentence: Sentence, wordsAfter: number, next: Sentence | undefined): boolean {
  if (wordsAfter !== 0 || !(sentence.end === ':' || /^[—–-]+$/.test(sentence.end))) return false;
  const [value = '', second] = next?.clauses[0] ?? [];
  return (
    ['false', 'pending'].includes(value) || (isNegator(value) && (second === undefined || second === 'yet'))
  );
}
