/** Tells a criterion that no test can fail, or none can pass, from one that says something: a slip of the pen is no gate. */
import { amountText, measureText, quantityOf, type Criterion, type Quantity } from './criterion.js';

/** The largest value that there is; nothing that is measured is below 0. */
const largest: Readonly<Partial<Record<Quantity, number>>> = { percent: 100, score: 1 };

/** Why the limit of a criterion is none, undefined when it is one. */
export function reachFault({ measure, operator, limit }: Criterion): string | undefined {
  const quantity = quantityOf(measure);
  const most = largest[quantity] ?? Infinity;
  const range = `${measureText(measure)} is ${most === Infinity ? 'never below 0' : `from 0 to ${amountText(most, quantity)}`}`;
  if ('margin' in limit) {
    const none = limit.marginIs === 'percent' ? limit.margin <= -100 : Math.abs(limit.margin) >= most;
    return none ? `with this margin there is no limit left: ${range}` : undefined;
  }
  const { value } = limit;
  const always =
    operator === '>=' ? value === 0 : operator === '<=' ? value >= most : operator === '<' && value > most;
  if (always) return `this holds whatever happens: ${range}`;
  const never = operator === '<' ? value === 0 : operator === '>' ? value >= most : value > most;
  return never ? `this never holds: ${range}` : undefined;
}
