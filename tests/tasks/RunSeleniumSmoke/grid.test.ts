import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseStatus, useGrid } from '../../../tasks/RunSeleniumSmoke/src/grid.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';

describe('parseStatus', () => {
  for (const [text, status] of [
    [
      '{"value":{"ready":true,"message":"ready"}}',
      { ready: true, message: 'ready', slots: undefined, free: undefined },
    ],
    ['{"value":{"ready":false}}', { ready: false, message: '', slots: undefined, free: undefined }],
    [
      '{"value":{"ready":true,"nodes":[{"maxSessions":2,"slots":[{},{},{}]},{"maxSessions":4,"slots":[{}]}]}}',
      { ready: true, message: '', slots: 3, free: 3 },
    ],
    [
      '{"value":{"ready":true,"nodes":[{"maxSessions":2,"slots":[{"session":{"sessionId":"a"}},{"session":null},{}]}]}}',
      { ready: true, message: '', slots: 2, free: 1 },
    ],
    ['{"value":null}', undefined],
    ['{"status":0}', undefined],
    ['<html>', undefined],
  ] as const) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseStatus(text), status);
    });
  }
});

describe('useGrid', () => {
  let server: Server;
  let address: string;
  let answers: { status: number; body: string }[];
  let authorizations: (string | undefined)[];
  let fake: FakeAgent;
  let now = 0;
  const clock = {
    now: () => now,
    sleep: (milliseconds: number) => {
      now += milliseconds;
      return Promise.resolve();
    },
  };
  const ready = { status: 200, body: '{"value":{"ready":true,"message":""}}' };
  const starting = { status: 200, body: '{"value":{"ready":false,"message":"no node\\u001b[31m yet"}}' };

  before(async () => {
    server = createServer((request, response) => {
      authorizations.push(request.headers.authorization);
      const answer = (answers.length > 1 ? answers.shift() : answers[0])!;
      response.writeHead(request.url === '/wd/hub/status' ? answer.status : 404).end(answer.body);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(server.address() as AddressInfo).port}/wd/hub`;
  });

  beforeEach(() => {
    authorizations = [];
    now = 0;
    fake = fakeAgent();
  });

  afterEach(async () => {
    await fake.close();
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('waits until the grid is ready, not merely up, and says what it waits for once', async () => {
    answers = [{ status: 502, body: '' }, starting, starting, ready];
    const { url } = await useGrid(new URL(`http://${address}/`), 60, fake.agent, clock);
    assert.equal(url, `http://${address}`);
    assert.deepEqual(fake.log, [
      `Waiting for the grid http://${address}: http://${address}/status answers with status 502.`,
      `Waiting for the grid http://${address}: it is up but not ready: no node yet.`,
      `The grid http://${address} is ready.`,
    ]);
  });

  it('signs in with the credentials of the URL and shows them nowhere', async () => {
    answers = [ready];
    const { url, authorization } = await useGrid(
      new URL(`http://me:s3cret%21@${address}`),
      0,
      fake.agent,
      clock,
    );
    assert.deepEqual(authorizations, [`Basic ${Buffer.from('me:s3cret!').toString('base64')}`]);
    assert.equal(url, `http://${address}`);
    assert.equal(authorization, authorizations[0]);
    assert.ok(fake.secrets.includes('s3cret!'));
    assert.ok(fake.log.every(line => !line.includes('s3cret')));
  });

  it('ends at its deadline with what it last saw', async () => {
    answers = [starting];
    await assert.rejects(useGrid(new URL(`http://${address}`), 5, fake.agent, clock), {
      name: 'UserError',
      message: /was not ready within 5 s .*: it is up but not ready: no node yet\. No test was run\./,
    });
    assert.equal(now, 5000);
  });
});
