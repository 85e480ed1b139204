import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/any-text.ts';
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
  'I have marked your request as resolved.',
  'I have marked this refund request as fully resolved.',
  'I marked the ticket you asked about as resolved.',
  'We have closed your request as completed.',
  'I have requested approval and escalated your case.',
  "I've asked the carrier and refunded your order.",
  'At your request, escalated to a colleague.',
  'As per your request refunded to your card.',
  'Your wish is resolved, and your needs were escalated.',
  'I will mark your request as resolved.',
  'Your order was \u001B[32mrefunded\u001B[0m.',
  'Your order was re\u001B[1mfunded.',
  'Your order was \u001B]8;;https://shop.example/not\u0007refunded\u001B]8;;\u0007.',
  'Your order was\u0000refunded.',
  'Your order was ref\u202Eunded.',
  '\u0007Escalated.\r\n',
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
  'We have asked for it to be cancelled and refunded.',
  'I have requested that it be cancelled and refunded.',
  'You asked to have it cancelled and refunded.',
  'You asked us to get it cancelled and refunded.',
  'I see you requested it cancelled and refunded.',
  'We request that this be resolved.',
  'You may request to have it refunded.',
  'Please request that it be escalated.',
  'We kindly request it be completed.',
  'I can mark your request as resolved.',
  'You asked me to mark your request as resolved.',
  'I have not marked your request as resolved.',
  'Shall I mark your request as resolved?',
  'Your order was \u001B[31mnot\u001B[0m refunded.',
  'Your order was n\u200bot refunded.',
  'Your order was not\u0000refunded.',
  '',
  '   ',
];

/** Resolved answers as agents write them, each with what denies it. */
const NEGATIONS: readonly (readonly [claim: string, ...denied: string[]])[] = [
  ['Your order was refunded.', 'Your order was not refunded.', 'Your order was never refunded.'],
  [
    'Your refund of 24.00 EUR has been completed.',
    'Your refund of 24.00 EUR has not been completed.',
    'Your refund of 24.00 EUR could not be completed.',
  ],
  [
    'Your cancellation of order A-1008 (oak serving tray) has been completed. Nothing will be charged.',
    'Your cancellation of order A-1008 (oak serving tray) has yet to be completed. Nothing will be charged.',
  ],
  [
    'I have escalated your request to a person on our team, who will write to you within one working day.',
    'I have not escalated your request to a person on our team, who will write to you within one working day.',
    'I was unable to have your request escalated to a person on our team.',
  ],
  [
    'Order A-1002 is on its way with DHL. I have marked this case as resolved.',
    'Order A-1002 is on its way with DHL. I have not marked this case as resolved.',
    'Order A-1002 is on its way with DHL. I cannot mark this case as resolved.',
  ],
  [
    'I have marked your question as resolved.',
    "I haven't marked your question as resolved.",
    'I could mark your question as resolved.',
  ],
  [
    'Your issue is resolved.',
    'Your issue is not resolved.',
    "Your issue isn't resolved.",
    'Your issue remains to be resolved.',
  ],
  [
    'The problem was resolved by our team.',
    'The problem was not resolved by our team.',
    'The problem was never resolved by our team.',
  ],
  ['We refunded you.', 'We never refunded you.', 'We have not refunded you.'],
  [
    "I've refunded 12 EUR to your card.",
    "I haven't refunded 12 EUR to your card.",
    "I couldn't get 12 EUR refunded to your card.",
  ],
  [
    'Your order will be refunded within 5 days.',
    'Your order will not be refunded within 5 days.',
    "Your order won't be refunded.",
    'Your order will be refunded once it is back with us.',
  ],
  ['The payment is fully refunded.', 'The payment is not fully refunded.', 'The payment is hardly refunded.'],
  ['Both items were refunded.', 'Neither item was refunded.', 'None of the items were refunded.'],
  [
    'It has been escalated to billing.',
    'It has not been escalated to billing.',
    'It cannot be escalated to billing.',
  ],
  [
    'Your case has now been escalated.',
    'Your case has not yet been escalated.',
    'Your case should have been escalated if you had written.',
  ],
  [
    'Everything was completed yesterday.',
    'Nothing was completed yesterday.',
    'Not everything was completed yesterday.',
  ],
  [
    'The return was completed and you will get an e-mail.',
    'The return was not completed and you will not get an e-mail.',
    'The return failed to be completed.',
  ],
  [
    'Done: your ticket is resolved.',
    'Sorry: your ticket is not resolved.',
    'Sorry: your ticket is far from resolved.',
  ],
  ['Refunded: yes', 'Refunded: no', 'Refunded: not yet', 'Refunded: pending'],
  [
    'I was able to get this resolved.',
    'I was not able to get this resolved.',
    'I was unable to get this resolved.',
  ],
  ['I managed to get it refunded.', 'I failed to get it refunded.', "I didn't manage to get it refunded."],
  [
    'The money was refunded to your account.',
    'The money was sent without being refunded to your account.',
    'The money can be refunded to your account.',
  ],
  [
    'All three orders have been refunded in full.',
    'All three orders have not been refunded in full.',
    'No order has been refunded in full.',
  ],
  [
    'Your complaint was escalated to a manager.',
    'Your complaint was closed instead of being escalated to a manager.',
    'Your complaint may be escalated to a manager.',
  ],
  [
    'I am happy to say that it is resolved.',
    'I am sorry to say that it is not resolved.',
    'I would be happy to see it resolved.',
  ],
  [
    'Good news! Your exchange is completed.',
    'Bad news! Your exchange is not completed.',
    'Bad news! Your exchange could not, sadly, be completed.',
  ],
  [
    'As promised, your deposit was refunded.',
    'As I said, your deposit was not refunded.',
    'As I said, your deposit needs to be refunded.',
  ],
  [
    'We resolved the payment problem for you.',
    'We have not resolved the payment problem for you.',
    'We are trying to get the payment problem resolved for you.',
  ],
  [
    'Your subscription was cancelled and refunded.',
    'Your subscription was neither cancelled nor refunded.',
    'Your subscription was not cancelled or refunded.',
  ],
  [
    'This has been escalated, please wait for a call.',
    'This has not been escalated, please wait for a call.',
    "This hasn't been escalated, please wait for a call.",
  ],
];

const word = fc.constantFrom(...DEFAULT_RESOLUTION_WORDS);

describe('claimsResolution', () => {
  it.each(CLAIMS)('reads a claim in: %s', (text) => {
    expect(claimsResolution(text)).toMatchObject({ resolved: true });
  });

  it.each(NO_CLAIMS)('reads no claim in: %s', (text) => {
    expect(claimsResolution(text)).toMatchObject({ resolved: false });
  });

  it.each(NEGATIONS)('reads a claim in "%s", and none where it is denied', (claim, ...denied) => {
    expect(claimsResolution(claim), claim).toMatchObject({ resolved: true });
    for (const text of denied) expect(claimsResolution(text), text).toMatchObject({ resolved: false });
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
      anyText({ maxLength: 10 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const claim = claimsResolution(text);
        const claimed = claim.resolved ? claim.word : '';
        expect(
          text
            .normalize('NFKC')
            .replace(/\p{Cf}/gu, '')
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
    ['escapes', '\u001B['.repeat(100_000)],
    ['links', '\u001B]8;;'.repeat(50_000)],
    ['marks', 'marked as '.repeat(30_000)],
    ['words', 'not refunded and '.repeat(20_000)],
  ])('reads a long run of %s in linear time', (_what, text) => {
    const start = performance.now();
    claimsResolution(text);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
