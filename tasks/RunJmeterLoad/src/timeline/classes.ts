/** Classes of times: exact for short ones, as wide as a given part of a long one. */

/**
 * How fine classes are: times below two to the power of this are a class each, above an octave has half as many classes. With 8
 * the middle of a class is within 0.4 % of the times in it, with 10 within 0.1 %.
 */
export type ClassBits = number;

/** The class of a time. */
export function classOf(milliseconds: number, bits: ClassBits): number {
  let octave = 0;
  let rest = Math.round(milliseconds);
  while (rest >= 2 ** bits) {
    rest = Math.floor(rest / 2);
    octave += 1;
  }
  return octave * 2 ** (bits - 1) + rest;
}

/** The middle of a class, which is of the same class again. */
export function timeOf(number: number, bits: ClassBits): number {
  if (number < 2 ** bits) return number;
  const octave = Math.floor(number / 2 ** (bits - 1)) - 1;
  const rest = number - octave * 2 ** (bits - 1);
  return rest * 2 ** octave + 2 ** (octave - 1);
}
