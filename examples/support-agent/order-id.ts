const LOOKS_LIKE_ID = /^(?:ORDER|NUMBER|NO|NR)*A?([0-9OIL]{4})$/;

/**
 * The order id a customer meant: `a1007`, `A 1007`, `#1007`, `order no. 1007`, `A-1OO7` (letter O) and full-width digits
 * are all `A-1007`. Undefined for a text that is no order id in any spelling.
 */
export function normalizeOrderId(text: string): string | undefined {
  const compact = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
  const digits = LOOKS_LIKE_ID.exec(compact)?.[1];
  return digits === undefined ? undefined : `A-${digits.replaceAll('O', '0').replace(/[IL]/g, '1')}`;
}
