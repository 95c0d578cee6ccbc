/** Runs a file of checks in one browser and writes the results as a test runner would. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestCase, TestSuite } from '../../../../shared/core/junit.js';
import { countTests, failedTests } from '../../../../shared/core/junit.js';
import { writeJunit } from '../../../../shared/core/junitWriter.js';
import { plural, singleLine } from '../../../../shared/core/text.js';
import { systemClock } from '../../../../shared/core/wait.js';
import { openBrowser } from './browserSession.js';
import type { Checks } from './checksFile.js';
import { checkPage } from './pageRun.js';

/** Where the checks are run. */
export interface ChecksCall {
  readonly variables: Readonly<Record<string, string>>;
  /** Only the pages of these are checked again. */
  readonly failed: readonly TestCase[] | undefined;
  /** Only the pages of these names are checked. */
  readonly units?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Keeps a file that shows what failed, by its name; its path. Undefined where no evidence is wanted. */
  readonly keep: ((name: string, content: string | Buffer) => string) | undefined;
  readonly info: (line: string) => void;
}

/**
 * Checks the pages one after the other and writes `checks.xml` into `RESULTS_DIR`.
 * @returns whether all was good
 * @throws UserError when there is no browser; the signal's reason
 */
export async function runChecks({ pages, timeoutSeconds }: Checks, call: ChecksCall): Promise<boolean> {
  const { variables, failed, units, signal, keep, info } = call;
  const value = (name: string) => variables[name] ?? '';
  const wanted = failed?.map(({ className }) => className);
  const session = await openBrowser(value('WEBDRIVER_URL'), value('BROWSER'), signal);
  const suites: TestSuite[] = [];
  try {
    for (const [index, page] of pages.entries()) {
      if ([wanted, units].some(names => names?.includes(page.name) === false)) continue;
      const suite = await checkPage(page, {
        session,
        site: value('SITE_URL').replace(/\/+$/, ''),
        timeoutSeconds,
        clock: systemClock,
        signal,
        keep: keep && ((suffix, content) => keep(`${index + 1}-${fileName(page.name)}${suffix}`, content)),
      });
      suites.push(suite);
      for (const line of linesOf(suite)) info(line);
    }
  } finally {
    await session.close();
    writeFileSync(join(value('RESULTS_DIR'), 'checks.xml'), writeJunit(suites));
  }
  return failedTests(suites).length === 0;
}

function linesOf(suite: TestSuite): string[] {
  const { total, failed, skipped } = countTests([suite]);
  const counts = `${plural(total, 'check')}, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
  return [
    `${singleLine(suite.name)}: ${counts}`,
    ...failedTests([suite]).map(test => `  ✗ ${test.name}: ${singleLine(test.message)}`),
  ];
}

function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 60);
}
