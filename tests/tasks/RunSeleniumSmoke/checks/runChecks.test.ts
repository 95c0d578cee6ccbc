import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CancelledError } from '../../../../shared/core/errors.js';
import { readJunit } from '../../../../shared/core/junitReader.js';
import { runSmoke } from '../../../../tasks/RunSeleniumSmoke/src/run.js';
import { smokeDefaults } from '../smokeDefaults.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';

const pages: Record<string, string> = {
  '/': `<title>A shop</title><h1>Welcome</h1><img src="/dot.svg"><p id="late" hidden>there now</p><a href="/next">Next</a>
    <button id="more">More</button><p id="answer"></p>
    <script>
      setTimeout(() => { document.getElementById('late').hidden = false; }, 300);
      document.getElementById('more').onclick = () => setTimeout(() => {
        document.getElementById('answer').textContent = 'more is here';
        history.pushState({}, '', '/?more=1');
      }, 200);
    </script>`,
  '/next': '<title>Next</title><p style="display: none">secret plan</p>',
  '/bad': `<title>##vso[task.complete result=Succeeded]</title><img src="/no.png"><p>Out of stock</p>
    <button disabled id="dead" style="display:none">x</button><script src="/no.js"></script>
    <script>console.error('the cart is broken'); null.x;</script>`,
};

describe('runSmoke with checks', function () {
  this.timeout(120_000);
  let server: Server;
  let site: string;
  let directory: string;
  let fake: FakeAgent;
  let visits = 0;

  before(async () => {
    server = createServer((request, response) => {
      const page = pages[request.url?.replace(/\?.*/, '') ?? ''];
      if (request.url === '/flaky') visits += 1;
      const shaky =
        request.url === '/flaky' ? `<title>${visits === 1 ? 'Sorry' : 'Fine'}</title>` : undefined;
      if (request.url === '/dot.svg')
        response.setHeader('content-type', 'image/svg+xml').end('<svg xmlns="http://www.w3.org/2000/svg"/>');
      else if (request.url === '/hang') response.write('<title>');
      else
        response
          .writeHead(page === undefined && shaky === undefined ? 404 : 200, { 'content-type': 'text/html' })
          .end(page ?? shaky ?? 'no such page');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    directory = mkdtempSync(join(tmpdir(), 'smoke-checks-'));
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  afterEach(async () => {
    await fake.close();
  });

  async function run(file: string, rest: { rerunFailed?: number; signal?: AbortSignal } = {}) {
    const { rerunFailed = 0, signal } = rest;
    writeFileSync(join(directory, 'smoke.yml'), file);
    fake = fakeAgent({
      tools: { chromedriver: '/usr/bin/chromedriver' },
      environment: { VERSION: 'Welcome' },
      ...(signal === undefined ? {} : { signal }),
    });
    const outcome = await runSmoke(
      {
        ...smokeDefaults,
        siteUrl: `${site}/`,
        runner: 'checks',
        tests: 'smoke.yml',
        workingDirectory: directory,
        waitTimeoutSeconds: 20,
        rerunFailed,
      },
      fake.agent,
    ).then(
      sentence => ({ sentence, error: undefined }),
      (error: unknown) => ({ sentence: undefined, error }),
    );
    const results = fake.outputs['resultsFile'];
    const suites = results === undefined ? [] : readJunit(readFileSync(results, 'utf8'), 'it');
    return { ...outcome, message: outcome.error instanceof Error ? outcome.error.message : '', suites };
  }

  it('passes a good site: what comes late, clicks to other pages and within one', async () => {
    const { sentence, suites, message } = await run(`
timeoutSeconds: 60
pages:
  - path: /
    name: Home
    status: 200
    title: A shop
    text: ["\${VERSION}", there now]
    element: '#late'
    clicks:
      - click: '#more'
        text: more is here
        path: /?more=1
      - click: 'a[href="/next"]'
        title: Next
        path: /next
  - path: /missing
    status: 404
`);
    assert.equal(message, '');
    assert.equal(sentence, `18 tests passed against ${site}/.`);
    assert.deepEqual(
      suites.map(({ name, cases }) => [name, cases.map(test => test.name)]),
      [
        [
          'Home',
          [
            'status 200',
            'title A shop',
            'text Welcome',
            'text there now',
            'element #late',
            'no broken images',
            '1. click #more',
            '1. is at /?more=1',
            '1. text more is here',
            '2. click a[href="/next"]',
            '2. is at /next',
            '2. title Next',
            'no console errors',
            'no failed requests',
          ],
        ],
        ['/missing', ['status 404', 'no broken images', 'no console errors', 'no failed requests']],
      ],
    );
  });

  it('tells everything that is wrong on a bad page, harmlessly, with a screenshot', async () => {
    const { message, suites } = await run(`
timeoutSeconds: 1
pages:
  - path: /bad
    title: Shop
    text: In stock
    element: ['#cart', '((']
    clicks:
      - click: '#dead'
      - click: a
  - path: /next
    text: secret plan
  - path: /gone
  - path: /bad
    name: the same, allowed
    allow: [consoleErrors, failedRequests, brokenImages]
`);
    const failed = suites.flatMap(({ name, cases }) =>
      cases.filter(test => test.outcome === 'failed').map(test => `${name} | ${test.name} | ${test.message}`),
    );
    const address = site.replaceAll('.', String.raw`\.`);
    for (const [index, pattern] of [
      /^\/bad \| title Shop \| within 1 s: the title is '##vso\[task\.complete result=Succeeded\]'$/,
      /^\/bad \| text In stock \| within 1 s: the page shows 'Out of stock'$/,
      /^\/bad \| element #cart \| within 1 s: the page has no such element$/,
      /^\/bad \| element \(\( \| within 1 s: it is no CSS selector$/,
      new RegExp(`^/bad \\| no broken images \\| 1 image: ${address}/no\\.png$`),
      /^\/bad \| 1\. click #dead \| element not interactable.* \(for 1 s\)$/,
      /^\/bad \| no console errors \| 2 errors: .*the cart is broken.*; .*TypeError/,
      new RegExp(
        `^/bad \\| no failed requests \\| 2 requests: ${address}/no\\.png .*404.*; ${address}/no\\.js`,
      ),
      /^\/next \| text secret plan \| within 1 s: the page shows '\(nothing\)'$/,
      /^\/gone \| status below 400 \| the page came with status 404$/,
    ].entries())
      assert.match(failed[index] ?? '', pattern);
    assert.equal(failed.length, 10);
    const skipped = suites[0]?.cases.find(({ outcome }) => outcome === 'skipped');
    assert.equal(skipped?.name, '2. click a');
    assert.match(message, /^The smoke tests did not pass: 10 of \d+ tests failed against http/);
    assert.equal(fake.outputs['gatePassed'], 'false');
    const { output = '' } = suites[0]?.cases.find(test => test.outcome === 'failed') ?? {};
    const attached = [...output.matchAll(/^\[\[ATTACHMENT\|(.*)\]\]$/gm)].map(match => match[1] ?? '');
    assert.deepEqual(
      attached.map(path => basename(path)),
      ['1--bad.png', '1--bad.html.txt', '1--bad.txt'],
    );
    assert.ok(attached.every(path => fake.kept.includes(path)));
    const [picture = '', source = '', said = ''] = attached.map(path => readFileSync(path, 'latin1'));
    assert.equal(picture.slice(1, 4), 'PNG');
    assert.match(source, /<img src="\/no\.png">/);
    assert.match(said, new RegExp(`^Page: ${address}/bad\\n`));
    assert.match(said, /Checks that failed:\n {2}title Shop: within 1 s/);
    assert.match(said, /Requests of the page that failed:\n {2}SEVERE .*no\.png.*404/);
    assert.match(said, /Console:\n(.|\n)*SEVERE .*the cart is broken/);
  });

  it('checks a page again that failed, and only that, and calls it flaky when it then passes', async () => {
    const { sentence, message, suites } = await run(
      `
timeoutSeconds: 1
pages:
  - {path: /, text: Welcome}
  - {path: /flaky, title: Fine}
`,
      { rerunFailed: 2 },
    );
    assert.equal(message, '');
    assert.match(sentence ?? '', /^\d+ tests passed/);
    assert.equal(fake.outputs['testsFlaky'], '1');
    assert.equal(fake.log.filter(line => line.startsWith('/: ')).length, 1);
    assert.ok(fake.log.includes('1 failed test will be run again (attempt 2 of 3).'));
    assert.match(
      suites[1]?.cases[1]?.output ?? '',
      /^(\[\[ATTACHMENT\|.*evidence\/1\/2--flaky\..*\]\]\n){3}Flaky: passed in attempt 2\. What it showed then is kept with the run: 2--flaky\.png, 2--flaky\.html\.txt, 2--flaky\.txt\. Before that it failed: within 1 s: the title is 'Sorry'/,
    );
    assert.deepEqual(
      fake.warnings.map(warning => warning.split('\n').slice(0, 2)),
      [
        [
          '1 test passed only when run again:',
          "  - /flaky::title Fine: passed in attempt 2; before: within 1 s: the title is 'Sorry'",
        ],
      ],
    );
  });

  it('is cancelled while a page does not answer', async () => {
    const abort = new AbortController();
    const told = setInterval(() => {
      if (fake.log.some(line => line.startsWith('/: '))) abort.abort(new CancelledError('cancelled'));
    }, 50);
    const { error } = await run('pages: [{path: /}, {path: /hang}]', { signal: abort.signal });
    clearInterval(told);
    assert.ok(error instanceof CancelledError);
    assert.equal(fake.outputs['gatePassed'], 'false');
  });

  it('opens no browser for a file with mistakes', async () => {
    const { message } = await run('pages: [{path: home}]');
    assert.match(
      message,
      /^The tests cannot be run: smoke\.yml, line 1: 'path' must begin with \/, as in \/home\./,
    );
    assert.deepEqual(fake.log, []);
  });
});
