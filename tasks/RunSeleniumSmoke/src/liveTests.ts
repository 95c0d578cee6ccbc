/** Which test runs at this moment, by the log of TeamCity messages that PHPUnit writes while it runs (`--log-teamcity`). */
import { closeSync, openSync, readSync } from 'node:fs';

/** What is known of the tests at this moment. */
export interface LiveTests {
  /** The test that was started last, `Class::name` as JUnit's classname and name; undefined when it is not known. */
  readonly current: () => string | undefined;
  /** Whether a test is known to have ended well. */
  readonly hasPassed: (test: string) => boolean;
}

/** What a log has told so far. */
export interface LogState {
  readonly current: string | undefined;
  readonly failed: ReadonlySet<string>;
  readonly ended: ReadonlySet<string>;
}

/** For runners that write no such log. */
export const noLiveTests: LiveTests = { current: () => undefined, hasPassed: () => false };

const noMessages: LogState = { current: undefined, failed: new Set(), ended: new Set() };

/** A log is read in pieces of so many bytes. */
const pieceSize = 64 * 1024;

/** Follows a log. PHPUnit writes each message at once, so whoever asks between two commands of a test is told exactly. */
export function followTests(file: string): LiveTests & { readonly hasEnded: (test: string) => boolean } {
  let offset = 0;
  let rest = '';
  let state = noMessages;
  const buffer = Buffer.alloc(pieceSize);
  const readOn = (): void => {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'r');
    } catch {
      return;
    }
    try {
      const next = () => readSync(descriptor, buffer, 0, pieceSize, offset);
      for (let count = next(); count > 0; count = next()) {
        offset += count;
        // A name's character may lie across two pieces: decoded when its line is whole.
        const lines = (rest + buffer.toString('latin1', 0, count)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) state = afterMessage(Buffer.from(line, 'latin1').toString('utf8'), state);
      }
    } finally {
      closeSync(descriptor);
    }
  };
  return {
    current() {
      readOn();
      return state.current;
    },
    hasPassed: test => state.ended.has(test) && !state.failed.has(test),
    hasEnded: test => state.ended.has(test),
  };
}

/** The test that had begun and not ended when the log ended; undefined when there is none, or no log. */
export function unfinishedTest(file: string): string | undefined {
  const tests = followTests(file);
  const last = tests.current();
  return last === undefined || tests.hasEnded(last) ? undefined : last;
}

/** What is known once this line of the log is read, too. */
export function afterMessage(line: string, state: LogState): LogState {
  const [, kind, attributes = ''] =
    /^##teamcity\[(testStarted|testFailed|testFinished) (.*)\]\s*$/.exec(line) ?? [];
  const name = attributeOf(attributes, 'name');
  if (kind === undefined || name === undefined) return state;
  const { current, failed, ended } = state;
  if (kind === 'testStarted') {
    const place = attributeOf(attributes, 'locationHint') ?? '';
    return { current: `${/::\\(.*?)::/.exec(place)?.[1] ?? ''}::${name}`, failed, ended };
  }
  if (current?.endsWith(`::${name}`) !== true) return state;
  return kind === 'testFailed'
    ? { current, failed: new Set([...failed, current]), ended }
    : { current, failed, ended: new Set([...ended, current]) };
}

/** An attribute's value, unescaped as TeamCity's service messages escape: `|'`, `|n`, `||`, `|[`, `|]`, `|0x2019`. */
function attributeOf(text: string, name: string): string | undefined {
  const value = new RegExp(`(?:^| )${name}='((?:[^'|]|\\|.)*)'`, 's').exec(text)?.[1];
  return value?.replace(/\|(?:0x([0-9a-fA-F]{4})|(.))/gs, (_all, code: string | undefined, one: string) =>
    code === undefined ? (breaks[one] ?? one) : String.fromCharCode(parseInt(code, 16)),
  );
}

const breaks: Readonly<Record<string, string>> = { n: '\n', r: '\r' };
