/** A line for each test file as it ends, and every failure in full both when it happens and at the very end. */
import { relative } from 'node:path';
import mocha, { type MochaOptions, type Runner, type Test } from 'mocha';
import { plural } from '../shared/core/text.js';

interface Failure {
  readonly title: string;
  readonly file: string;
  readonly detail: string;
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Stack or message of whatever a test threw, with the two values of a failed comparison. */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\nbecause of: ${detailOf(error.cause)}`;
  return (error.stack ?? error.message) + cause;
}

const indent = (text: string) => text.replace(/^/gm, '    ');
const asText = ({ title, file, detail }: Failure) => `${title}\n  ${file}\n${indent(detail)}`;

/** 1,600 names of passed tests hide the one that matters: whoever reads a log wants to see where it is and what failed. */
class FileByFile extends mocha.reporters.Base {
  private readonly failed: Failure[] = [];
  private file = '';
  private counted = 0;
  private failedHere = 0;
  private started = Date.now();
  private last = Date.now();

  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_RUN_END } = mocha.Runner.constants;
    const begin = Date.now();
    runner.on(EVENT_TEST_PASS, test => {
      this.enter(test);
    });
    runner.on(EVENT_TEST_FAIL, (test, error: unknown) => {
      this.enter(test);
      this.failedHere += 1;
      const failure = { title: test.fullTitle(), file: this.file, detail: detailOf(error) };
      this.failed.push(failure);
      console.log(`  ✖ ${asText(failure)}`);
    });
    runner.once(EVENT_RUN_END, () => {
      this.leave();
      const { passes, failures } = runner.stats ?? { passes: 0, failures: this.failed.length };
      console.log(`\n  ${passes} passing (${seconds(Date.now() - begin)})`);
      if (this.failed.length > 0) console.log(`  ${failures} failing`);
      this.failed.forEach((failure, i) => {
        console.log(`\n  ${i + 1}) ${asText(failure)}`);
      });
    });
  }

  private enter(test: Test): void {
    const file = relative(process.cwd(), test.file ?? '(a hook)');
    if (file !== this.file) {
      this.leave();
      [this.file, this.counted, this.failedHere, this.started] = [
        file,
        0,
        0,
        Date.now() - (test.duration ?? 0),
      ];
    }
    this.counted += 1;
    this.last = Date.now();
  }

  private leave(): void {
    if (this.counted === 0) return;
    const took = seconds(this.last - this.started);
    const failed = this.failedHere > 0 ? `, ${this.failedHere} FAILED` : '';
    console.log(`  ${failed ? '✖' : '✔'} ${this.file}: ${plural(this.counted, 'test')}, ${took}${failed}`);
  }
}

// eslint-disable-next-line no-restricted-exports -- mocha takes the default export of a reporter's file
export { FileByFile as default };
