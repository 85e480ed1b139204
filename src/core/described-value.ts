/** What kind of value was given, for a message that says what it should have been: `a string`, `an object of class Order`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const className: unknown = value.constructor?.name;
  return typeof className === 'string' && className !== 'Object' && className !== ''
    ? `an object of class ${className}`
    : 'a plain object';
}
