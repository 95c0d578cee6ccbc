/** Reads a JUnit file as the service does: what counts as a test, and as failed or skipped. */

import { XMLParser } from 'fast-xml-parser';
import type { TestRun } from './record.js';

type Xml = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseAttributeValue: false,
  parseTagValue: false,
  // Numeric entities, as every writer of JUnit uses them for line ends.
  htmlEntities: true,
  isArray: name => ['testsuite', 'testcase', 'failure', 'error', 'skipped'].includes(name),
});

/** @throws Error when it is no XML, or XML of something else */
export function readJUnit(
  text: string,
): Pick<TestRun, 'total' | 'passed' | 'failed' | 'skipped' | 'failures'> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- without its check the parser takes broken XML for whole
  const root = asXml(parser.parse(text, true));
  if (!('testsuites' in root) && !('testsuite' in root))
    throw new Error('the root element is neither testsuites nor testsuite');
  const suites = 'testsuites' in root ? [asXml(root['testsuites'])] : list(root['testsuite']);
  // A case without a name is not counted by the service.
  const cases = suites.flatMap(casesOf).filter(item => attribute(item, 'name') !== '');
  const failures = cases.flatMap(item => {
    const [failure] = [...list(item['failure']), ...list(item['error'])];
    if (failure === undefined) return [];
    const message = attribute(failure, 'message') || attribute(failure, '#text', '');
    const storage = attribute(item, 'classname');
    return [
      { name: storage === '' ? attribute(item, 'name') : `${storage}.${attribute(item, 'name')}`, message },
    ];
  });
  const skipped = cases.filter(
    item =>
      list(item['failure']).length + list(item['error']).length === 0 && list(item['skipped']).length > 0,
  ).length;
  const total = cases.length;
  return { total, passed: total - failures.length - skipped, failed: failures.length, skipped, failures };
}

function casesOf(suite: Xml): Xml[] {
  return [...list(suite['testcase']), ...list(suite['testsuite']).flatMap(casesOf)];
}

function asXml(value: unknown): Xml {
  if (typeof value === 'string') return { '#text': value };
  return typeof value === 'object' && value !== null ? (value as Xml) : {};
}

function list(value: unknown): Xml[] {
  return Array.isArray(value) ? value.map(asXml) : [];
}

function attribute(item: Xml, name: string, prefix = '@'): string {
  const value = item[`${prefix}${name}`];
  return typeof value === 'string' ? value.trim() : '';
}
