import { expect, test } from 'vitest';
import { shopArticles } from '../data/shop-data.ts';
import { findArticle } from './search-articles.ts';

test.each([
  ['Are your mugs dishwasher safe?', 'dishwasher'],
  ['How long does shipping take?', 'delivery-time'],
  ['How much is shipping?', 'delivery-cost'],
  ['do you ship to norway', 'countries'],
  ['What is your return policy?', 'returns'],
  ['How long do refunds take?', 'refund-time'],
  ['I forgot my PASSWORD!', 'password'],
])('%s', (question, id) => {
  expect(findArticle(shopArticles, question)?.id).toBe(id);
});

test.each(['', 'Do you sell sewing machines?', '???'])('nothing fits %j', (question) => {
  expect(findArticle(shopArticles, question)).toBeUndefined();
});
