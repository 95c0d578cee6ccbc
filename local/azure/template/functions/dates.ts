/** The functions on dates. */
import { defaultFormat, formatDate, isoFormat, parseDate, parseDuration } from '../dateTime.js';
import { eager, type Arguments, type Entry } from './arguments.js';
import { unexpectedHere } from './strings.js';

export const dateFunctions: readonly Entry[] = [
  eager('utcNow', 0, 1, (given, environment) => {
    if (!environment.inDefaultValue) throw unexpectedHere('utcNow');
    return formatDate(environment.scope.now, given.count > 0 ? given.text(0) : defaultFormat);
  }),
  eager('dateTimeAdd', 2, 3, given => {
    const duration = parseDuration(given.text(1));
    if (duration === undefined) {
      throw given.refuse(`the duration '${given.text(1)}' is not a valid ISO 8601 duration.`);
    }
    const sum = new Date(read(given).getTime() + duration);
    if (Number.isNaN(sum.getTime()) || sum.getUTCFullYear() < 1 || sum.getUTCFullYear() > 9999) {
      throw given.refuse(`the duration '${given.text(1)}' leads out of the calendar.`);
    }
    return formatDate(sum, given.count > 2 ? given.text(2) : isoFormat);
  }),
  eager('dateTimeFromEpoch', 1, 1, given => {
    const seconds = given.int(0);
    if (seconds < -62_135_596_800 || seconds > 253_402_300_799) {
      throw given.refuse(`the epoch time '${seconds}' is out of range.`);
    }
    return formatDate(new Date(seconds * 1000), isoFormat);
  }),
  eager('dateTimeToEpoch', 1, 1, given => Math.floor(read(given).getTime() / 1000)),
];

function read(given: Arguments): Date {
  const date = parseDate(given.text(0));
  if (date === undefined) throw given.refuse(`the value '${given.text(0)}' is not a valid date and time.`);
  return date;
}
