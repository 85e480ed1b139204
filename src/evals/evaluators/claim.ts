import {
  ACHIEVING,
  AGENTS,
  AUXILIARIES,
  CONDITIONS,
  DETERMINERS,
  FINITE,
  FUTURE,
  MARKING,
  MODALS,
  NEGATORS,
  NOUNS_TOO,
  PAST,
  PRONOUNS,
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
 * Whether a text claims that something is resolved. Colours, control characters and marks that nobody sees are taken out
 * first. Then one of the words must stand in it as a whole word, in any case, and its clause must let it stand:
 *
 * | the clause | example | claim |
 * | --- | --- | --- |
 * | states it | "has been refunded", "Escalated to a person.", "I have marked your request as resolved" | yes |
 * | promises it | "will be refunded within 5 days", what shops write of a refund that is under way | yes |
 * | denies it | "was not refunded", "could not be completed", "far from resolved", "Refunded: no" | no |
 * | makes it a condition | "once it is refunded", "will be refunded if you return it" | no |
 * | asks it | "would you like it refunded?" | no |
 * | wishes it, or says that it may or must be | "can be refunded", "you want it refunded", "has to be completed" | no |
 * | describes something by it | "the completed form", "Completed orders cannot be changed." | no |
 *
 * One claim is enough: "It was not refunded, but it was escalated" is one. A word may be a phrase of several words. The
 * words can be of any script; the reading of the clause knows English, by its function words and not by a grammar. Linear
 * in the length of the text.
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
          const wished = isMarked(words, at) ? mood.unrealAtMark : mood.unreal;
          if (wished && !AGENTS.has(words[at - 1] ?? '')) return 'only possible or wished for';
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

/** "I have asked the carrier and escalated it" says two things that were done. */
const ASKED: ReadonlySet<string> = new Set(['asked', 'requested']);

/** Words between "marked" and "as": what is marked has a name, not a story. */
const MARK_DISTANCE = 20;

/** What the words of a clause so far say about what comes next. */
class Mood {
  denied = false;
  conditional = false;
  unreal = false;
  /** Unreal only by what was asked for: "have asked them". What is done beside it is done. */
  onlyAsked = false;
  /** As it was where something was marked as something. */
  unrealAtMark = false;
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
    } else if (UNREAL.has(word) && !isNoun(word, previous)) {
      this.onlyAsked = ASKED.has(word) && this.past && !this.unreal;
      this.unreal = true;
      this.hasVerb = true;
    } else if (word === 'and' && this.onlyAsked) {
      this.unreal = false;
    } else if (word === 'be' || word === 'that') {
      this.onlyAsked = false;
    } else if (word === 'to' && ['be', 'get', 'have', 'see'].includes(next)) {
      const isAchieved =
        previous === 'able' ? ['was', 'were', 'been'].includes(beforePrevious) : ACHIEVING.has(previous);
      if (!isAchieved) {
        this.unreal = true;
        this.onlyAsked = false;
      }
    }
    // What should be so is taken to be so, unless it depends on something.
    if (word === 'should') this.hasVerb = true;
    if (MARKING.has(word)) this.unrealAtMark = this.unreal;
    if (FUTURE.has(word)) {
      this.future = true;
      this.hasVerb = true;
    }
  }
}

/** "your request", "this refund request"; but "we request", "please request". */
function isNoun(word: string, previous: string): boolean {
  if (!NOUNS_TOO.has(word)) return false;
  if (DETERMINERS.has(previous)) return true;
  const isRequest = word === 'request' || word === 'requests';
  const governs =
    previous === '' || PRONOUNS.has(previous) || AUXILIARIES.has(previous) || MODALS.has(previous);
  return isRequest && !(governs || UNREAL.has(previous) || previous.endsWith('ly'));
}

/** "marked … as resolved", "as fully resolved". */
function isMarked(words: readonly string[], at: number): boolean {
  const as = words[at - 1]?.endsWith('ly') ? at - 2 : at - 1;
  return (
    words[as] === 'as' && words.slice(Math.max(0, as - MARK_DISTANCE), as).some((word) => MARKING.has(word))
  );
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
