/** Writes JUnit XML that Azure Pipelines reads whole, whatever text the results hold. */
import { countTests, type TestCase, type TestSuite } from './junit.js';
import { escapeXml } from './text.js';

/** Characters kept of a name or message, and of a failure's text or a test's output: a results file must stay uploadable. */
const nameLimit = 1_000;
const messageLimit = 4_000;
const textLimit = 64_000;

/** The document; texts are escaped, freed of colour codes and of characters that XML cannot hold, and cut to size. */
export function writeJunit(suites: readonly TestSuite[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.map(suiteXml).join('')}</testsuites>\n`;
}

function suiteXml(suite: TestSuite): string {
  const { total, skipped } = countTests([suite]);
  const of = (outcome: TestCase['outcome']) => suite.cases.filter(test => test.outcome === outcome).length;
  const time = suite.cases.reduce((sum, test) => sum + test.seconds, 0);
  const attributes = [
    attribute('name', suite.name, nameLimit),
    `tests="${total}" failures="${of('failed')}" errors="${of('error')}" skipped="${skipped}" time="${time.toFixed(3)}"`,
    ...(suite.timestamp === undefined ? [] : [attribute('timestamp', suite.timestamp, nameLimit)]),
  ];
  return `  <testsuite ${attributes.join(' ')}>\n${suite.cases.map(caseXml).join('')}  </testsuite>\n`;
}

function caseXml(test: TestCase): string {
  const attributes = [
    attribute('name', test.name, nameLimit),
    attribute('classname', test.className, nameLimit),
    `time="${test.seconds.toFixed(3)}"`,
  ];
  // Azure Pipelines attaches the files it finds named so, one a line, in a test's first system-out.
  const files = (test.attachments ?? []).map(path => `[[ATTACHMENT|${path}]]`);
  const output = [...files, cut(test.output, textLimit)].filter(line => line !== '').join('\n');
  const inner = [
    ...verdictXml(test),
    ...(output === '' ? [] : [`<system-out>${escapeXml(output)}</system-out>`]),
  ];
  const open = `    <testcase ${attributes.join(' ')}`;
  return inner.length === 0 ? `${open}/>\n` : `${open}>\n      ${inner.join('\n      ')}\n    </testcase>\n`;
}

function verdictXml(test: TestCase): string[] {
  if (test.outcome === 'passed') return [];
  const element = { failed: 'failure', error: 'error', skipped: 'skipped' }[test.outcome];
  const message = attribute('message', test.message, messageLimit);
  return [`<${element} ${message}>${escapeXml(cut(test.detail, textLimit))}</${element}>`];
}

/** Line ends are written as references: a reader turns bare ones in an attribute into blanks. */
function attribute(name: string, value: string, limit: number): string {
  const escaped = escapeXml(cut(value, limit))
    .replace(/\r\n?|\n/g, '&#10;')
    .replace(/\t/g, '&#9;');
  return `${name}="${escaped}"`;
}

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}… (${text.length - limit} more characters)` : text;
}
