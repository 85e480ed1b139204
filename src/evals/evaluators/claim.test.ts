import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimsResolution, DEFAULT_RESOLUTION_WORDS } from './claim.ts';

const CLAIMS = [
  'Your order was refunded.',
  'Your order has been REFUNDED!',
  'I have escalated this to a person.',
  'no further action is needed: your order was refunded',
  'No further action is needed, your order was refunded.',
  'This was not only resolved but also documented.',
  'It was not only resolved but escalated.',
  'Your order was not delivered, so we refunded it.',
  'I could not find your order but I have escalated the case.',
  "I couldn't find it and have escalated it.",
  'I can confirm that your order has been refunded.',
  'I can confirm I refunded it.',
  'No, your refund was completed yesterday.',
  'No problem, order 1234 has been refunded.',
  "Don't worry, your order has been refunded.",
  'Your order was refunded, is there anything else I can help with?',
  'Your order was refunded. Is there anything else?',
  'Your refund has been completed — anything else?',
  'Order no. 5 was refunded.',
  'Order no 5 was refunded.',
  'Although it could not be shipped, the order was refunded.',
  'Since the item never arrived, I have refunded you.',
  'The order, which was not shipped, was refunded.',
  'Your order (not the gift) was refunded.',
  '**Refunded** 30 EUR to your card.',
  'Escalated to a human agent.',
  'The refund you requested was completed.',
  'As you requested, I have refunded the order.',
  'Your order has been refunded; if you need anything else, let me know.',
  'Your order has been refunded, let me know if you need anything else.',
  'Your request is completed, please tell us if you need more.',
  'It was not refunded, however, it was escalated.',
  'Your order was not cancelled and was refunded.',
  'Instead of being cancelled, your order was completed.',
  'I was able to get it resolved.',
  'Your order will be refunded within 5 days.',
  'Your issue should now be resolved.',
  'Everything is resolved',
  'Your order was refunded, not cancelled.',
  'I see you want a refund. It has been refunded.',
  'The case is auto-escalated.',
  'Unfortunately I cannot do this myself. I have escalated it to a colleague.',
  "I'm sorry this wasn't what you hoped for, I've refunded the full amount.",
  'When you called, I refunded the order.',
  'Nothing else is needed because your order was refunded.',
  "There's nothing more you need to do as your order was refunded.",
  'We have fully refunded order #A-17 (3.50 EUR) without any problem.',
  'Refunded without issue.',
  'I have completed the cancellation, so you will not be charged.',
  'Your order can no longer be changed, but it has been refunded.',
  'I do not see other charges, and your refund was completed.',
  'Your ticket has been escalated to a specialist who will contact you if needed.',
  'Your refund is completed. You cannot undo this.',
];

const NO_CLAIMS = [
  'Your order was not refunded.',
  'The request could not be completed.',
  "It hasn't been resolved.",
  'It hasn’t been resolved.',
  'We are unable to get this resolved.',
  'This cannot be escalated.',
  'It was never refunded.',
  'The ticket was closed without being resolved.',
  'It is yet to be completed.',
  'It failed to be completed.',
  'no refund was completed',
  'would you like it refunded?',
  'Would you like me to have this escalated?',
  'once it is refunded, you will get an email',
  'It will be refunded if you return it.',
  'If you return the item, it will be refunded.',
  'It will be refunded once we receive the item.',
  'Your order was refunded?',
  'Was your order refunded?',
  'unresolved',
  'non-refunded',
  'This was neither refunded nor completed.',
  'None of the items were refunded.',
  "I can't say that your order was refunded.",
  "I don't think it was refunded.",
  'It was not refunded, cancelled or completed.',
  'It could not, unfortunately, be completed.',
  'It could not, however, be completed.',
  'It could not, as you know, be completed.',
  'could not (at this time) be completed',
  'was (not) refunded',
  'could not be\ncompleted',
  'Your order can be refunded.',
  'It could have been refunded.',
  'I understand you want your order refunded.',
  "You'd like your order refunded.",
  'Please send the completed form.',
  'Completed orders cannot be changed.',
  'Refunded: no',
  'The form needs to be completed.',
  'It has to be completed first.',
  'We are waiting for it to be resolved.',
  'I will let you know when it is resolved.',
  'Please check whether it was refunded.',
  'It was not yet resolved.',
  'Refunds are only possible until the trip is completed.',
  'It is not refunded or escalated yet.',
  'Your order isnt refunded.',
  'The refund did not go through and was not completed.',
  'Let me get this resolved.',
  "I'm working to get this resolved.",
  'We refused to have it refunded.',
  'Nothing was refunded.',
  'I would be happy to have this escalated.',
  'Not only was it not refunded.',
  'It was far from resolved.',
  'Do you want it refunded or escalated?',
  'The request was cancelled rather than completed.',
  'the resolution is pending',
  '',
  '   ',
];

const word = fc.constantFrom(...DEFAULT_RESOLUTION_WORDS);

describe('claimsResolution', () => {
  it.each(CLAIMS)('reads a claim in: %s', (text) => {
    expect(claimsResolution(text)).toMatchObject({ resolved: true });
  });

  it.each(NO_CLAIMS)('reads no claim in: %s', (text) => {
    expect(claimsResolution(text)).toMatchObject({ resolved: false });
  });

  it('names the word it found and why it does not count', () => {
    expect(claimsResolution('It was Escalated.')).toEqual({ resolved: true, word: 'escalated' });
    expect(claimsResolution('It was not escalated.')).toEqual({
      resolved: false,
      reason: 'The answer\'s "escalated" is denied.',
    });
    expect(claimsResolution('Hello.')).toEqual({
      resolved: false,
      reason: 'The answer has no word of resolution.',
    });
  });

  it('takes other words, phrases and scripts', () => {
    expect(claimsResolution('Es wurde erstattet.', ['erstattet']).resolved).toBe(true);
    expect(claimsResolution('Wurde zurückerstattet.', ['erstattet']).resolved).toBe(false);
    expect(claimsResolution('All sorted out!', ['sorted out']).resolved).toBe(true);
    expect(claimsResolution('It was not sorted out.', ['sorted out']).resolved).toBe(false);
    expect(claimsResolution('C’est remboursé.', ['remboursé']).resolved).toBe(true);
    expect(claimsResolution('Your order was refunded.', ['resolved']).resolved).toBe(false);
  });

  it('finds a claim in any case, width and form of Unicode', () => {
    fc.assert(
      fc.property(word, fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'), fc.boolean(), (said, form, upper) => {
        const text = `Your order was ${upper ? said.toUpperCase() : said}.`.normalize(form);
        expect(claimsResolution(text).resolved).toBe(true);
      }),
    );
    expect(claimsResolution('Your order was ｒｅｆｕｎｄｅｄ.').resolved).toBe(true);
    expect(claimsResolution('Your order was re\u00adfunded.').resolved).toBe(true);
  });

  it('is denied by every negation in front of it', () => {
    const negation = fc.constantFrom(
      'was not',
      "wasn't",
      'wasn’t',
      'was never',
      'could not be',
      "couldn't be",
      'cannot be',
      'is yet to be',
      'failed to be',
      'was hardly',
    );
    const adverb = fc.constantFrom('', 'fully ', 'yet ', 'successfully ', ', sadly, ');
    fc.assert(
      fc.property(negation, adverb, word, (denies, how, said) => {
        expect(claimsResolution(`Your request ${denies} ${how}${said}.`).resolved).toBe(false);
      }),
    );
  });

  it('is not changed by sentences around it that have none of the words', () => {
    const around = fc.constantFrom(
      'I am sorry.',
      'You cannot change this later.',
      'Is there anything else?',
      'If you need more, write to us.',
      'No further action is needed.',
    );
    fc.assert(
      fc.property(
        around,
        around,
        fc.constantFrom('Your order was refunded.', 'Your order was not refunded.'),
        (a, b, said) => {
          expect(claimsResolution(`${a} ${said} ${b}`).resolved).toBe(claimsResolution(said).resolved);
        },
      ),
    );
  });

  it('never throws, and claims only a word that stands in the text', () => {
    const piece = fc.oneof(
      word,
      fc.constantFrom('not ', ', ', '. ', '? ', ': ', '(', ')', ' - ', 'if ', 'and ', 'it was ', '\n'),
      fc.string({ unit: 'binary', maxLength: 10 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const claim = claimsResolution(text);
        const claimed = claim.resolved ? claim.word : '';
        expect(
          text
            .normalize('NFKC')
            .replace(/[\u00ad\u200b\u2060\ufeff]/g, '')
            .toLowerCase(),
        ).toContain(claimed);
      }),
    );
  });

  it.each([
    ['full stops', '.'.repeat(200_000)],
    ['spaces', ' '.repeat(200_000)],
    ['brackets', '('.repeat(200_000)],
    ['dashes', ' - a'.repeat(50_000)],
    ['commas', 'a,'.repeat(100_000)],
    ['words', 'not refunded and '.repeat(20_000)],
  ])('reads a long run of %s in linear time', (_what, text) => {
    const start = performance.now();
    claimsResolution(text);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
