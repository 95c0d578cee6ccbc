/** .NET composite formatting with the invariant culture, as far as the language's values go: text, numbers, booleans, JSON. */
import { largestValue, type Json } from './json.js';
import { formattedText } from './text.js';

/** A format that .NET would refuse. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/**
 * `format('{0}: {1,8:N2}', …)`.
 * @throws FormatError for a malformed format or an index without a value
 */
export function compositeFormat(format: string, values: readonly Json[]): string {
  let result = '';
  let position = 0;
  while (position < format.length) {
    if (result.length > largestValue) throw new FormatError('The result is too large.');
    const character = format.charAt(position);
    if (character !== '{' && character !== '}') {
      result += character;
      position += 1;
    } else if (format.charAt(position + 1) === character) {
      result += character;
      position += 2;
    } else {
      const end = character === '{' ? format.indexOf('}', position) : -1;
      if (end < 0) throw new FormatError('Input string was not in a correct format.');
      result += formatItem(format.slice(position + 1, end), values);
      position = end + 1;
    }
  }
  return result;
}

function formatItem(item: string, values: readonly Json[]): string {
  const colon = item.indexOf(':');
  const head = colon < 0 ? item : item.slice(0, colon);
  const parts = /^ *(\d{1,6}) *(?:, *(-?\d{1,6}) *)?$/.exec(head);
  if (parts === null) throw new FormatError('Input string was not in a correct format.');
  const index = Number(parts[1]);
  const value = values[index];
  if (value === undefined) {
    throw new FormatError(
      'Index (zero based) must be greater than or equal to zero and less than the size of the argument list.',
    );
  }
  const specifier = colon < 0 ? '' : item.slice(colon + 1);
  const text = typeof value === 'number' ? formatNumber(value, specifier) : formattedText(value);
  const width = Number(parts[2] ?? 0);
  return width < 0 ? text.padEnd(-width) : text.padStart(width);
}

/**
 * A number in a standard (`N2`, `X4`, `D6`, `P`, `E3`, `F1`, `C`, `G`) or custom (`#,##0.00`) .NET format.
 * @throws FormatError for a format that .NET does not know
 */
export function formatNumber(value: number, specifier: string): string {
  if (specifier === '') return formattedText(value);
  const standard = /^([A-Za-z])(\d{0,3})$/.exec(specifier);
  if (standard === null) return customNumber(value, specifier);
  const letter = standard[1] ?? 'G';
  const digits =
    standard[2] === '' || standard[2] === undefined ? undefined : Math.min(Number(standard[2]), 100);
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  switch (letter.toUpperCase()) {
    case 'D':
      if (!Number.isInteger(value)) throw new FormatError('Format specifier was invalid.');
      return sign + String(size).padStart(digits ?? 1, '0');
    case 'X': {
      if (!Number.isInteger(value)) throw new FormatError('Format specifier was invalid.');
      const hex = BigInt.asUintN(64, BigInt(value))
        .toString(16)
        .padStart(digits ?? 1, '0');
      return letter === 'X' ? hex.toUpperCase() : hex;
    }
    case 'N':
      return sign + grouped(size.toFixed(digits ?? 2));
    case 'F':
      return sign + size.toFixed(digits ?? 2);
    case 'C':
      return value < 0
        ? `(¤${grouped(size.toFixed(digits ?? 2))})`
        : `¤${grouped(size.toFixed(digits ?? 2))}`;
    case 'P':
      return `${sign}${grouped((size * 100).toFixed(digits ?? 2))} %`;
    case 'E': {
      const [mantissa = '', exponent = '0'] = size.toExponential(digits ?? 6).split('e');
      const power = Number(exponent);
      return `${sign}${mantissa}${letter}${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(3, '0')}`;
    }
    case 'G':
    case 'R':
      return formattedText(value);
    default:
      throw new FormatError('Format specifier was invalid.');
  }
}

function grouped(plain: string): string {
  const [whole = '', fraction] = plain.split('.');
  const groups: string[] = [];
  for (let end = whole.length; end > 0; end -= 3) groups.unshift(whole.slice(Math.max(0, end - 3), end));
  return groups.join(',') + (fraction === undefined ? '' : `.${fraction}`);
}

function customNumber(value: number, specifier: string): string {
  const sections = specifier.split(';');
  const section =
    sections[value < 0 && sections.length > 1 ? 1 : value === 0 && sections.length > 2 ? 2 : 0] ?? '';
  const sign = value < 0 && sections.length < 2 ? '-' : '';
  const pieces = customPieces(section);
  const pattern = pieces.filter(piece => !piece.literal).map(piece => piece.text);
  const point = pattern.indexOf('.');
  const wholePattern = (point < 0 ? pattern : pattern.slice(0, point)).filter(
    text => text === '0' || text === '#',
  );
  const fractionPattern = (point < 0 ? [] : pattern.slice(point + 1)).filter(
    text => text === '0' || text === '#',
  );
  const scaled = Math.abs(value) * (pattern.includes('%') ? 100 : 1);
  const [whole = '', fraction = ''] = scaled.toFixed(fractionPattern.length).split('.');
  const firstZero = wholePattern.indexOf('0');
  const least = firstZero < 0 ? 0 : wholePattern.length - firstZero;
  let wholeText = (whole === '0' && least === 0 ? '' : whole).padStart(least, '0');
  if (pattern.slice(0, point < 0 ? undefined : point).includes(',')) wholeText = grouped(wholeText);
  const kept = Math.max(fractionPattern.lastIndexOf('0') + 1, fraction.replace(/0+$/, '').length);
  const fractionText = kept > 0 ? `.${fraction.slice(0, kept)}` : '';

  let written = false;
  const body = pieces.map(({ literal, text }) => {
    if (literal || text === '%') return text;
    if (written) return '';
    written = true;
    return wholeText + fractionText;
  });
  return sign + body.join('');
}

/** Splits a custom format into its digits' places and the text between them. */
function customPieces(section: string): { readonly literal: boolean; readonly text: string }[] {
  const pieces: { literal: boolean; text: string }[] = [];
  for (let position = 0; position < section.length; position += 1) {
    const character = section.charAt(position);
    if (character === '\\') {
      position += 1;
      pieces.push({ literal: true, text: section.charAt(position) });
    } else if (character === "'" || character === '"') {
      const end = section.indexOf(character, position + 1);
      const stop = end < 0 ? section.length : end;
      pieces.push({ literal: true, text: section.slice(position + 1, stop) });
      position = stop;
    } else {
      pieces.push({ literal: !'0#.,%'.includes(character), text: character });
    }
  }
  return pieces;
}
