/** Test results as this project speaks of them, and their counts. */

/** One test of a JUnit file. */
export interface TestCase {
  readonly name: string;
  readonly className: string;
  /** Seconds it took; 0 when the file does not say. */
  readonly seconds: number;
  /** `failed` is a failed assertion, `error` anything else that ended the test. */
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped';
  /** What went wrong, or why it was skipped; empty when the file does not say. */
  readonly message: string;
  /** The whole text of the failure: message, difference, stack. */
  readonly detail: string;
  /** What the test wrote to its standard output and error. */
  readonly output: string;
  /** Absolute paths of files that belong to it, such as screenshots. */
  readonly attachments?: readonly string[];
}

/** Tests that belong together, nested suites flattened. */
export interface TestSuite {
  readonly name: string;
  /** When it began, as the file says it; undefined when it does not. */
  readonly timestamp: string | undefined;
  readonly cases: readonly TestCase[];
}

/** How many tests had which outcome. */
export interface TestCounts {
  readonly total: number;
  readonly passed: number;
  /** Failures and errors. */
  readonly failed: number;
  readonly skipped: number;
}

/** Counts the tests of all suites. */
export function countTests(suites: readonly TestSuite[]): TestCounts {
  const cases = suites.flatMap(suite => suite.cases);
  const skipped = cases.filter(test => test.outcome === 'skipped').length;
  const failed = failedTests(suites).length;
  return { total: cases.length, passed: cases.length - failed - skipped, failed, skipped };
}

/** The tests that failed or broke, in their order. */
export function failedTests(suites: readonly TestSuite[]): TestCase[] {
  return suites
    .flatMap(suite => suite.cases)
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'error');
}

/** The same results with every text passed through `change`, as for masking secrets. */
export function mapTexts(suites: readonly TestSuite[], change: (text: string) => string): TestSuite[] {
  return suites.map(suite => ({
    ...suite,
    name: change(suite.name),
    cases: suite.cases.map(test => ({
      ...test,
      name: change(test.name),
      className: change(test.className),
      message: change(test.message),
      detail: change(test.detail),
      output: change(test.output),
    })),
  }));
}
