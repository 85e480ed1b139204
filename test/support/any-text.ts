import fc from 'fast-check';

const between = (min: number, max: number) => fc.integer({ min, max });
const codePoint = fc.oneof(
  { weight: 4, arbitrary: between(0, 0x7f) },
  { weight: 2, arbitrary: between(0x80, 0xd7ff) },
  { weight: 1, arbitrary: between(0xe000, 0xffff) },
  { weight: 1, arbitrary: between(0x10000, 0x10ffff) },
);
const halfSurrogate = between(0xd800, 0xdfff);

/**
 * Strings of any code points; with `halves` also ones that no UTF-8 text can hold. The unit `binary` of fast-check is not used:
 * its table of all code points takes every process longer to make than most tests run.
 */
export function anyText({ halves = false, ...sizes }: TextSizes & { readonly halves?: boolean } = {}) {
  const unit = halves ? fc.oneof({ weight: 8, arbitrary: codePoint }, halfSurrogate) : codePoint;
  return fc.string({ ...sizes, unit: unit.map((code) => String.fromCodePoint(code)) });
}

type TextSizes = Pick<fc.StringConstraints, 'minLength' | 'maxLength'>;
