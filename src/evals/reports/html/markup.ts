import { visibleText } from '../visible-text.ts';

/** Markup that is safe to put into a page. Only {@link html} makes it of text. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template: text is escaped, lists are put together, nothing is nothing. */
export type HtmlValue = string | number | Html | readonly HtmlValue[] | null | undefined | false;

/**
 * A template of markup. Every text in it is made visible (control characters and marks that reorder text are written out)
 * and escaped for elements and quoted attributes, so that no value can become markup.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = strings[0] ?? '';
  for (const [index, value] of values.entries()) markup += `${toMarkup(value)}${strings[index + 1] ?? ''}`;
  return { markup };
}

function toMarkup(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(visibleText(value));
  if (isList(value)) return value.map(toMarkup).join('');
  return value.markup;
}

function isList(value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/**
 * JSON for a script element of a type that browsers do not run. No `<` stays in it, so that no value can end the element
 * (HTML, "Restrictions for contents of script elements").
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
