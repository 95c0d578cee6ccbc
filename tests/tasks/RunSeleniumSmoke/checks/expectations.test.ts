import assert from 'node:assert/strict';
import type { Wanted } from '../../../../tasks/RunSeleniumSmoke/src/checks/checksFile.js';
import {
  compare,
  consoleErrors,
  failedRequests,
  statusFault,
  type PageFacts,
} from '../../../../tasks/RunSeleniumSmoke/src/checks/expectations.js';

const plain = (written: string): Wanted => ({ written, pattern: undefined });
const nothing = { title: undefined, text: [], element: [], path: undefined };
const page: PageFacts = {
  title: ' The  shop ',
  text: 'Welcome\nto the shop',
  path: '/shop?a=1#top',
  elements: { main: [1, 1], '.hidden': [2, 0], '.none': [0, 0], '((': null },
};

describe('compare', () => {
  it('wants a title whole, a text anywhere, however the page breaks its lines, and visible elements', () => {
    const seen = compare(
      {
        title: plain('The shop'),
        text: [plain('Welcome to'), { written: '/SHOP$/', pattern: /SHOP$/i }],
        element: ['main'],
        path: '/shop?a=1',
      },
      page,
    );
    assert.deepEqual(seen, [
      { what: 'is at /shop?a=1', fault: undefined },
      { what: 'title The shop', fault: undefined },
      { what: 'text Welcome to', fault: undefined },
      { what: 'text /SHOP$/', fault: undefined },
      { what: 'element main', fault: undefined },
    ]);
  });

  for (const [expected, fault] of [
    [{ title: plain('shop') }, "the title is 'The  shop'"],
    [{ text: [plain('Goodbye')] }, "the page shows 'Welcome to the shop'"],
    [{ element: ['.none'] }, 'the page has no such element'],
    [{ element: ['.hidden'] }, 'none of 2 such elements is visible'],
    [{ element: ['(('] }, 'it is no CSS selector'],
    [{ path: '/shop' }, 'the browser is at /shop?a=1#top'],
    [{ path: '/shop?a=1#x' }, 'the browser is at /shop?a=1#top'],
  ] as const) {
    it(`says that ${fault}`, () => {
      const [seen] = compare({ ...nothing, ...expected }, page);
      assert.equal(seen?.fault, fault);
    });
  }

  it('shows an empty page as empty', () => {
    const [seen] = compare({ ...nothing, text: [plain('x')] }, { ...page, text: ' \n' });
    assert.equal(seen?.fault, "the page shows '(nothing)'");
  });
});

describe('statusFault', () => {
  for (const [wanted, is, fault] of [
    [undefined, 200, undefined],
    [undefined, 399, undefined],
    [undefined, 404, 'the page came with status 404'],
    [404, 404, undefined],
    [200, 203, 'the page came with status 203'],
  ] as const) {
    it(`${wanted ?? 'below 400'} for ${is}`, () => {
      assert.equal(statusFault(wanted, is), fault);
    });
  }

  it('never takes silence for a status', () => {
    assert.match(statusFault(undefined, 0) ?? '', /does not tell the status/);
  });
});

describe('the log of a page', () => {
  const entry = (level: string, source: string, message: string) => ({ level, source, message });
  const log = [
    entry('SEVERE', 'console-api', 'http://s/a.js 1:1 "bad\u001b[31m"'),
    entry('WARNING', 'console-api', 'http://s/a.js 1:1 "careful"'),
    entry('SEVERE', 'javascript', 'http://s/a.js 2:1 Uncaught TypeError'),
    entry(
      'SEVERE',
      'network',
      'http://s/page - Failed to load resource: the server responded with a status of 404',
    ),
    entry('SEVERE', 'network', 'http://s/favicon.ico - Failed to load resource: 404'),
    entry('SEVERE', 'network', 'http://s/x.png - Failed to load resource: net::ERR_CONNECTION_REFUSED'),
  ];

  it('gives errors of the console and of scripts', () => {
    assert.deepEqual(consoleErrors(log), ['http://s/a.js 1:1 "bad"', 'http://s/a.js 2:1 Uncaught TypeError']);
  });

  it('gives failed requests but the page itself and the icon that nobody asked for', () => {
    assert.deepEqual(failedRequests(log, 'http://s/page'), [
      'http://s/x.png - Failed to load resource: net::ERR_CONNECTION_REFUSED',
    ]);
  });
});
