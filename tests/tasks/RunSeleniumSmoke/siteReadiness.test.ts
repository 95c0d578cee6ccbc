import assert from 'node:assert/strict';
import type { SiteAnswer as Answer } from '../../../shared/agent/siteProbe.js';
import {
  faultOf,
  goodAnswersNeeded,
  waitForSite,
} from '../../../tasks/RunSeleniumSmoke/src/siteReadiness.js';

describe('faultOf', () => {
  for (const [answer, text, fault] of [
    [{ status: 200, body: 'hello v2' }, undefined, undefined],
    [{ status: 304, body: '' }, undefined, undefined],
    [{ status: 200, body: 'hello v2' }, 'v2', undefined],
    [{ status: 200, body: 'hello v1' }, 'v2', "it answers with status 200 but without the text 'v2'"],
    [{ status: 200, body: '', headers: { 'x-version': '1.2' } }, 'X-Version: 1.2', undefined],
    [
      { status: 200, body: '', headers: { 'x-version': '1.20' } },
      'X-Version: 1.2',
      "it answers with status 200 but without the text 'X-Version: 1.2'",
    ],
    [{ status: 503, body: 'v2' }, 'v2', 'it answers with status 503'],
    [{ status: undefined, reason: 'refused\n##vso[x]' }, undefined, 'refused ##vso[x]'],
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
        probe: () => {
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
    assert.equal(asked(), 3 + goodAnswersNeeded('v2'));
    assert.deepEqual(lines.slice(0, 1), ['Waiting for http://site/: it answers with status 503.']);
    assert.match(lines.at(-1) ?? '', /^http:\/\/site\/ is ready after /);
  });

  it('logs a line when what it sees changes, and once a minute', async () => {
    const { lines } = await wait([bad, bad, { status: undefined, reason: 'connection refused' }, bad], 130);
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

  it('is not satisfied while an instance behind the balancer still has the version before', async () => {
    const old: Answer = { status: 200, body: 'v1' };
    // Four in a row by chance: more than enough for a site, not for a version.
    const rolling = [old, good, good, good, good, old, good, good, old];
    const { error, lines, asked } = await wait([...rolling, good], 120);
    assert.equal(error, undefined);
    assert.equal(asked(), rolling.length + goodAnswersNeeded('v2'));
    assert.deepEqual(lines.slice(0, 2), [
      "Waiting for http://site/: it answers with status 200 but without the text 'v2'.",
      "Waiting for http://site/: it answers with status 200 but without the text 'v2', and well in between: not every instance is ready.",
    ]);
    const never = await wait(
      Array.from({ length: 200 }, (_, index) => (index % 3 === 0 ? old : good)),
      30,
    );
    assert.match(
      never.error?.message ?? '',
      /without the text 'v2', and well in between: not every instance is ready\. No test/,
    );
  });

  it('lets a row of good answers that has begun in time end behind the deadline', async () => {
    const { error, asked } = await wait([bad, good], 2);
    assert.equal(error, undefined);
    assert.equal(asked(), 1 + goodAnswersNeeded('v2'));
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
          probe: () => Promise.resolve(good),
          clock: { now: () => 0, sleep: () => Promise.resolve() },
          signal: abort.signal,
          info: () => undefined,
        },
      ),
      /cancelled/,
    );
  });
});
