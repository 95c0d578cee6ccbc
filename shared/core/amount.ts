/** Amounts of instances, given as a number or as a percentage. */
import { UserError } from './errors.js';

/** So many of a set: a count, or a percentage of its size. */
export type Amount = { readonly count: number } | { readonly percent: number };

/**
 * Reads `5` or `20%`.
 * @throws UserError when it is neither, is negative, or is more than 100 %
 */
export function parseAmount(text: string, input: string): Amount {
  const match = /^(\d+)\s*(%?)$/.exec(text.trim());
  const number = Number(match?.[1]);
  if (match === null || (match[2] === '%' && number > 100)) {
    throw new UserError(
      `Input '${input}' must be a number of instances or a percentage up to 100%, not '${text}'.`,
    );
  }
  return match[2] === '%' ? { percent: number } : { count: number };
}

/** How many of `total` that is: percentages are rounded down, and no amount is more than `total`. */
export function amountOf(amount: Amount, total: number): number {
  return 'count' in amount ? Math.min(amount.count, total) : Math.floor((amount.percent * total) / 100);
}
