/** Reads JUnit XML as PHPUnit, pytest, Surefire, mocha and their like write it. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { UserError } from './errors.js';
import type { TestCase, TestSuite } from './junit.js';

/** With the options below every element is an object: attributes under `@name`, text under `#text`, children as lists. */
interface Element {
  readonly [key: string]: string | readonly Element[] | undefined;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  alwaysCreateTextNode: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Without it the parser leaves numeric references such as &#10; as they are.
  htmlEntities: true,
  isArray: (_name, _path, _leaf, isAttribute) => !isAttribute,
});

/**
 * Reads a JUnit document: root `testsuites` or `testsuite`, suites nested as they like.
 * @param xml the file's text; characters that XML does not allow are passed over, as many runners let them in
 * @param where what gave the text, as in "The results file /tmp/junit.xml"
 * @throws UserError when it is cut off, is not XML, or has another root
 */
export function readJunit(xml: string, where: string): TestSuite[] {
  const clean = xml.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '').trim();
  if (clean === '') throw new UserError(`${where} is empty.`);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it goes with this parser's version; its successor is a package of its own
  const valid = XMLValidator.validate(clean);
  if (valid !== true) {
    const { line, col, msg } = valid.err;
    // The parser's list of elements left open, which ends where the file was cut off.
    const open = /^(?:Invalid '\[(.*)\]' found|Unclosed tag '(.*)')\.$/s.exec(msg);
    const names = (open?.[1] ?? open?.[2] ?? '').match(/[\w:-]+/g) ?? [];
    const why =
      names.length === 0
        ? `line ${line}, column ${col}: ${msg}`
        : `it ends inside ${names.map(name => `<${name}>`).join(' ')}.`;
    throw new UserError(
      `${where} is not whole: ${why} The test runner did not finish writing it, or it is no XML.`,
    );
  }
  const document = parse(clean, where);
  const roots = [...children(document, 'testsuites'), ...children(document, 'testsuite')];
  if (roots.length === 0) {
    const root = Object.keys(document).find(name => !/^[?@#]/.test(name));
    throw new UserError(
      `${where} is no JUnit results file: its root is <${root ?? '?'}>, not <testsuites> or <testsuite>.`,
    );
  }
  return roots.flatMap(root => suitesOf(root));
}

function parse(xml: string, where: string): Element {
  try {
    return parser.parse(xml) as Element;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`${where} cannot be read as XML: ${reason}`, { cause: error });
  }
}

/** The suite itself when it has tests of its own, then the suites inside it. */
function suitesOf(element: Element): TestSuite[] {
  const name = attribute(element, 'name');
  const cases = children(element, 'testcase').map(testCase);
  const inner = children(element, 'testsuite').flatMap(suitesOf);
  if (cases.length === 0) return inner;
  const timestamp = attribute(element, 'timestamp');
  return [{ name, timestamp: timestamp === '' ? undefined : timestamp, cases }, ...inner];
}

function testCase(element: Element): TestCase {
  const [outcome, found] = verdictOf(element);
  const name = attribute(element, 'name');
  const className = attribute(element, 'classname');
  const detail = found === undefined ? '' : text(found).trim();
  const message = found === undefined ? '' : attribute(found, 'message').trim();
  return {
    name: name === '' ? '(a test without a name)' : name,
    className,
    seconds: seconds(attribute(element, 'time')),
    outcome,
    message: message === '' ? firstWords(detail, name) : message,
    detail,
    output: [...children(element, 'system-out'), ...children(element, 'system-err')]
      .map(text)
      .filter(part => part.trim() !== '')
      .join('\n'),
  };
}

function verdictOf(element: Element): [TestCase['outcome'], Element | undefined] {
  const [failure] = children(element, 'failure');
  if (failure !== undefined) return ['failed', failure];
  const [error] = children(element, 'error');
  if (error !== undefined) return ['error', error];
  const [skipped] = children(element, 'skipped');
  return skipped === undefined ? ['passed', undefined] : ['skipped', skipped];
}

/** The first paragraph of a failure's text; PHPUnit begins it with a line that only repeats the test's own name. */
function firstWords(detail: string, name: string): string {
  const lines = detail.split(/\r?\n/);
  if (lines.length > 1 && name !== '' && lines[0]?.trimEnd().endsWith(`::${name}`)) lines.shift();
  const end = lines.findIndex((line, index) => index > 0 && (line.trim() === '' || line.startsWith('--- ')));
  return lines
    .slice(0, end < 0 ? undefined : end)
    .slice(0, 3)
    .join('\n')
    .trim();
}

/** Decimal seconds; some runners write thousands separators. */
function seconds(text: string): number {
  const number = Number(text.replace(/,(?=\d{3})/g, ''));
  return Number.isFinite(number) && number > 0 ? number : 0;
}

function children(element: Element, name: string): readonly Element[] {
  const found = element[name];
  return typeof found === 'object' ? found : [];
}

function attribute(element: Element, name: string): string {
  const found = element[`@${name}`];
  return typeof found === 'string' ? found : '';
}

function text(element: Element): string {
  const found = element['#text'];
  return typeof found === 'string' ? found : '';
}
