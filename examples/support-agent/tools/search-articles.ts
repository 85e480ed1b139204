import { tool } from '@langchain/core/tools';
import type { Article } from '../data/shop-data.ts';
import type { ToolResult } from '../tool-result.ts';
import { toolSpecs } from './specs.ts';

function words(text: string): string[] {
  return (
    text
      .toLowerCase()
      .normalize('NFKC')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Both forms of a word count as one: `shipping`, `ships` and `ship`. Short words are compared as they are. */
function sameWord(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 4 && long.startsWith(short) && long.length - short.length <= 4;
}

/**
 * How well an article answers: each keyword phrase whose words all occur counts its number of words squared, so that one
 * precise phrase beats several vague ones.
 */
function relevance(article: Article, query: readonly string[]): number {
  return article.keywords
    .map(words)
    .filter((phrase) => phrase.every((word) => query.some((other) => sameWord(word, other))))
    .reduce((sum, phrase) => sum + phrase.length ** 2, 0);
}

/** The article that answers a question best; undefined when none has a keyword in common with it. */
export function findArticle(articles: readonly Article[], question: string): Article | undefined {
  const query = words(question);
  let best: Article | undefined;
  let bestScore = 0;
  for (const article of articles) {
    const score = relevance(article, query);
    if (score > bestScore) [best, bestScore] = [article, score];
  }
  return best;
}

/** The tool that searches the knowledge base. It returns nothing when no article fits. */
export function createSearchArticlesTool(articles: readonly Article[]) {
  return tool(({ query }): ToolResult | undefined => {
    const article = findArticle(articles, query);
    return article && { ok: true, outcome: 'article.found', title: article.title, text: article.text };
  }, toolSpecs.search_articles);
}
