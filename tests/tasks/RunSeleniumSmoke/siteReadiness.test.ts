import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  askOverHttp,
  faultOf,
  goodAnswersNeeded,
  waitForSite,
  type Answer,
} from '../../../tasks/RunSeleniumSmoke/src/siteReadiness.js';

describe('faultOf', () => {
  for (const [answer, text, fault] of [
    [{ status: 200, body: 'hello v2' }, undefined, undefined],
    [{ status: 304, body: '' }, undefined, undefined],
    [{ status: 200, body: 'hello v2' }, 'v2', undefined],
    [{ status: 200, body: 'hello v1' }, 'v2', "it answers with status 200 but without the text 'v2'"],
    [{ status: 503, body: 'v2' }, 'v2', 'it answers with status 503'],
    [{ error: 'refused\n##vso[x]' }, undefined, 'refused ##vso[x]'],
  ] as [Answer, string | undefined, string | undefined][]) {
    it(`says ${fault ?? 'nothing'}`, () => {
      assert.equal(faultOf(answer, text), fault);
    });
  }
});

describe('waitForSite', () => {
  const bad: Answer = { status: 503, body: '' };
  const good: Answer = { status: 200, body: 'v2' };

  /** Runs on simulated time; the last answer repeats. */
  async function wait(answers: Answer[], timeoutSeconds: number) {
    let now = 0;
    let asked = 0;
    const lines: string[] = [];
    const run = waitForSite(
      { url: 'http://site/', text: 'v2', timeoutSeconds },
      {
        ask: () => {
          const answer = answers[Math.min(asked, answers.length - 1)];
          asked += 1;
          return Promise.resolve(answer!);
        },
        clock: {
          now: () => now,
          sleep: milliseconds => {
            now += milliseconds;
            return Promise.resolve();
          },
        },
        signal: new AbortController().signal,
        info: line => void lines.push(line),
      },
    );
    const error = await run.then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    return { error, lines, asked: () => asked, now };
  }

  it('takes several good answers in a row for ready, not one', async () => {
    const { error, lines, asked } = await wait([bad, good, bad, good], 60);
    assert.equal(error, undefined);
    assert.equal(asked(), 3 + goodAnswersNeeded);
    assert.deepEqual(lines.slice(0, 1), ['Waiting for http://site/: it answers with status 503.']);
    assert.match(lines.at(-1) ?? '', /^http:\/\/site\/ is ready after /);
  });

  it('logs a line when what it sees changes, and once a minute', async () => {
    const { lines } = await wait([bad, bad, { error: 'connection refused' }, bad], 130);
    assert.deepEqual(lines, [
      'Waiting for http://site/: it answers with status 503.',
      'Waiting for http://site/: connection refused.',
      'Waiting for http://site/: it answers with status 503.',
      'Waiting for http://site/: it answers with status 503.',
      'Waiting for http://site/: it answers with status 503.',
    ]);
  });

  it('ends at its deadline with the last fault and what to look at', async () => {
    const { error, now } = await wait([bad, { status: 200, body: 'v1' }], 30);
    assert.equal(error?.name, 'UserError');
    assert.match(
      error.message,
      /^http:\/\/site\/ was not ready within 30 s \(input 'waitTimeoutSeconds', 16 requests\): it answers with status 200 but without the text 'v2'\. No test was run\./,
    );
    assert.equal(now, 30_000);
  });

  it('asks once when it may not wait', async () => {
    assert.equal((await wait([good], 0)).asked(), 1);
    const { error, asked } = await wait([bad], 0);
    assert.match(error?.message ?? '', /within 0 s .*1 request\)/);
    assert.equal(asked(), 1);
  });

  it('stops when it is cancelled', async () => {
    const abort = new AbortController();
    abort.abort(new Error('cancelled'));
    await assert.rejects(
      waitForSite(
        { url: 'http://site/', text: undefined, timeoutSeconds: 60 },
        {
          ask: () => Promise.resolve(good),
          clock: { now: () => 0, sleep: () => Promise.resolve() },
          signal: abort.signal,
          info: () => undefined,
        },
      ),
      /cancelled/,
    );
  });
});

describe('askOverHttp', () => {
  let server: Server;
  let url: string;

  before(async () => {
    server = createServer((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
      else if (request.url === '/endless') {
        const more = () => {
          while (response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      } else if (request.url === '/cut') request.socket.destroy();
      else response.writeHead(request.url === '/' ? 200 : 404).end('hällo');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const never = new AbortController().signal;

  it('follows redirects and reads the body', async () => {
    assert.deepEqual(await askOverHttp(`${url}/moved`, never), { status: 200, body: 'hällo' });
    assert.deepEqual(await askOverHttp(`${url}/nothing`, never), { status: 404, body: 'hällo' });
  });

  it('reads no more of an endless page than it needs', async () => {
    const answer = await askOverHttp(`${url}/endless`, never);
    assert.ok('body' in answer && answer.body.length < 2 * 1024 * 1024);
  });

  it('says in words why there is no answer', async () => {
    const gone = createServer();
    await new Promise<void>(resolve => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise(resolve => gone.close(resolve));
    assert.deepEqual(await askOverHttp(`http://127.0.0.1:${port}/`, never), {
      error: 'nothing listens there (connection refused)',
    });
    assert.deepEqual(await askOverHttp(`${url}/cut`, never), {
      error: 'it closes the connection without an answer',
    });
  });
});
