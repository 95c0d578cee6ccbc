import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseChecks } from '../../../../tasks/RunSeleniumSmoke/src/checks/checksFile.js';

const parse = (text: string, env: Record<string, string> = {}) =>
  parseChecks(text, 'smoke.yml', name => env[name]);

describe('parseChecks', () => {
  it('reads a page with everything', () => {
    const { checks, problems } = parse(
      `timeoutSeconds: 5
pages:
  - path: /shop?a=1
    name: The shop
    status: 203
    title: /^Shop/
    text: [one, 2]
    element: main
    allow: brokenImages
    clicks:
      - click: '#next'
        path: /shop?a=2
        title: Page 2
        text: version \${VERSION}
        element: ['#a', '#b']
`,
      { VERSION: '1.0 $& $1' },
    );
    assert.deepEqual(problems, []);
    const plain = (written: string) => ({ written, pattern: undefined });
    assert.deepEqual(checks, {
      timeoutSeconds: 5,
      pages: [
        {
          name: 'The shop',
          at: '/shop?a=1',
          status: 203,
          title: { written: '/^Shop/', pattern: /^Shop/u },
          text: [plain('one'), plain('2')],
          element: ['main'],
          path: undefined,
          allow: ['brokenImages'],
          clicks: [
            {
              click: '#next',
              path: '/shop?a=2',
              title: plain('Page 2'),
              text: [plain('version 1.0 $& $1')],
              element: ['#a', '#b'],
            },
          ],
        },
      ],
    });
  });

  it('takes a path alone: the page is there, without errors', () => {
    const { checks } = parse('pages: [{path: /}]');
    assert.deepEqual(checks?.pages[0], {
      name: '/',
      at: '/',
      status: undefined,
      title: undefined,
      text: [],
      element: [],
      path: undefined,
      clicks: [],
      allow: [],
    });
    assert.equal(checks.timeoutSeconds, 10);
  });

  it('tells all that is wrong at once, each with its line', () => {
    const { checks, problems } = parse(`timeoutSeconds: soon
pages:
  - path: about
    titel: About
  - name: no path
    status: 20
    text: []
  - path: /x
    title: /(/
    allow: [everything]
    text: \${NOT_SET}
    clicks:
      - text: after nothing
      - '#next'
  - path: /x
  - 7
`);
    assert.equal(checks, undefined);
    assert.deepEqual(
      problems.map(problem =>
        problem.replace(/Invalid regular expression: .*/, 'Invalid regular expression'),
      ),
      [
        "smoke.yml, line 1: 'timeoutSeconds' must be a whole number from 1 to 600.",
        "smoke.yml, line 4: 'titel' is not known here; the keys are path, name, status, title, text, element, clicks and allow.",
        "smoke.yml, line 3: 'path' must begin with /, as in /about.",
        "smoke.yml, line 5: 'path' is missing.",
        "smoke.yml, line 6: 'status' must be a whole number from 100 to 599.",
        "smoke.yml, line 7: 'text' is an empty list.",
        "smoke.yml, line 10: 'allow' knows consoleErrors, failedRequests and brokenImages, not 'everything'.",
        'smoke.yml, line 9: Invalid regular expression',
        "smoke.yml, line 11: the environment variable NOT_SET is not set; give it in 'env' of the step.",
        "smoke.yml, line 13: 'click' is missing.",
        'smoke.yml, line 14: A click must be a mapping with the keys click, path, title, text and element.',
        'smoke.yml, line 16: A page must be a mapping with the keys path, name, status, title, text, element, clicks and allow.',
        "smoke.yml, line 15: there is a page '/x' already; give this one a 'name' of its own.",
      ],
    );
  });

  for (const [text, problem] of [
    ['', /line 1: The file must be a mapping with the keys pages and timeoutSeconds/],
    ['pages:\n', /line 1: 'pages' must be a list with at least one entry/],
    ['pages: []\n', /line 1: 'pages' must be a list/],
    ['pages:\n  - path: "/\n', /line \d: Missing closing "quote/],
    ['pages:\n\t- path: /\n', /line 2: /],
    ['pages:\n  - {path: /, path: /}\n', /line 2: Map keys must be unique/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const { checks, problems } = parse(text);
      assert.equal(checks, undefined);
      assert.match(problems.join('\n'), problem);
    });
  }

  it('has no fault to find with the sample and the example of the documentation', () => {
    const root = join(import.meta.dirname, '../../../..');
    const page = readFileSync(join(root, 'docs/smoke-checks.md'), 'utf8');
    const example = /```yaml checks\n(.*?)```/s.exec(page)?.[1] ?? '';
    const sample = readFileSync(join(root, 'samples/php-webapp/smoke/checks.yml'), 'utf8');
    for (const text of [example, sample]) {
      const { checks, problems } = parse(text, { APP_VERSION: '1.0' });
      assert.deepEqual(problems, []);
      assert.equal(checks?.pages.length, 3);
    }
  });

  it('never throws, and has checks exactly when there are no problems', () => {
    const bits = fc.constantFrom(
      'pages',
      ':',
      ' ',
      '\n',
      '- ',
      'path',
      '/',
      '[',
      ']',
      '{',
      '}',
      '"',
      '&a',
      '*a',
      '7',
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 30 }), pieces => {
        const { checks, problems } = parse(pieces.join(''));
        assert.equal(checks === undefined, problems.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});
