/** What JMeter's lines and its log say of a run that went wrong, in the words of whoever has to mend it. */
import { plural, singleLine } from '../../../shared/core/text.js';

/** Log4j's complaint about JMeter's own configuration, the same in every run. */
export function isNoise(line: string): boolean {
  return line.startsWith('WARN StatusConsoleListener');
}

/** Why a plan could not be run, where JMeter's lines are known to mean that; undefined where they are not. */
export function whyNotRun(lines: readonly string[]): string | undefined {
  const text = lines.join('\n');
  const unknown = /CannotResolveClassException: *([\w.$-]+)/.exec(text)?.[1];
  if (unknown !== undefined)
    return `This JMeter has no ${unknown}: it comes with a plug-in. Name its jar in 'plugins', or put it into JMeter's lib/ext.`;
  if (!text.includes('Problem loading XML')) return undefined;
  const place = /line number +: *(\d+)/.exec(text)?.[1];
  return `JMeter cannot read it${place === undefined ? '' : ` at line ${place}`}: is the file whole, and of no newer JMeter than this one?`;
}

/**
 * What broke threads off, by JMeter's log; JMeter itself goes on with the others and ends well.
 * @param directory where the plan's files are looked for
 */
export function brokenThreads(log: readonly string[], directory: string): string | undefined {
  const reasons = log.flatMap((line, index) => {
    // JMeter 5 has the exception in the next line, JMeter 2 in the same.
    const match = /ERROR.*JMeterThread: Test failed! ?(.*)$/.exec(line);
    return match === null ? [] : [match[1] === '' ? (log[index + 1] ?? '') : (match[1] ?? '')];
  });
  const [first] = reasons;
  if (first === undefined) return undefined;
  const why = singleLine(first.replace(/^[\w.$]+\.(\w+)/, '$1'), 300);
  return `${plural(reasons.length, 'thread')} broke off, the first by ${why}. JMeter looks for the plan's files in ${directory}; jmeter.log has the rest.`;
}
