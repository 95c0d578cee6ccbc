/** The load balancer over real sockets: probes, distribution, retry, draining, half-closed connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer as createHttpServer, get, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { createAddressPool, type AddressPool } from '../../../../local/azure/machines/addressPool.js';
import { afterProbe, probeOnce, unprobed } from '../../../../local/azure/machines/healthProbe.js';
import {
  startLoadBalancer,
  type HealthProbe,
  type LoadBalancer,
  type LoadBalancingRule,
} from '../../../../local/azure/machines/loadBalancer.js';
import { UserError } from '../../../../shared/core/errors.js';

const probe: HealthProbe = {
  name: 'health',
  protocol: 'Http',
  port: 8080,
  path: '/health',
  intervalSeconds: 5,
  numberOfProbes: 2,
};
const rule: LoadBalancingRule = { frontendPort: 80, backendPort: 8080, probeName: 'health' };

interface TestBackend {
  readonly id: string;
  readonly address: string;
  readonly server: HttpServer;
  healthy: boolean;
  served: number;
}

describe('load balancer', () => {
  let addresses: AddressPool;
  let frontend: string;
  let backends: TestBackend[];
  let balancer: LoadBalancer | undefined;
  const agents: Agent[] = [];
  const plain: Server[] = [];

  before(() => {
    addresses = createAddressPool();
  });
  beforeEach(async () => {
    frontend = addresses.allocate();
    backends = await Promise.all(['a', 'b', 'c'].map(startBackend));
  });
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await balancer?.close();
    balancer = undefined;
    for (const server of plain.splice(0)) server.close();
    for (const { server } of backends) {
      server.closeAllConnections();
      server.close();
    }
  });
  after(() => {
    addresses.close();
  });

  async function startBackend(id: string): Promise<TestBackend> {
    const server = createHttpServer((request, response) => {
      if (request.url === '/health') {
        response.statusCode = backend.healthy ? 200 : 503;
        response.end();
        return;
      }
      backend.served += 1;
      response.end(id);
    });
    const backend: TestBackend = { id, address: addresses.allocate(), server, healthy: true, served: 0 };
    server.listen(8080, backend.address);
    await once(server, 'listening');
    return backend;
  }
  async function start(
    rules: LoadBalancingRule[] = [rule],
    probes: HealthProbe[] = [probe],
  ): Promise<LoadBalancer> {
    balancer = await startLoadBalancer({ address: frontend, rules, probes, timeScale: 0.004 });
    return balancer;
  }
  async function until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!condition()) {
      assert.ok(Date.now() < deadline, `waited in vain for ${condition.toString()}`);
      await delay(5);
    }
  }
  function request(agent: Agent | false = false): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = get({ host: frontend, port: 80, path: '/', agent }, response => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => (body += text));
        response.on('end', () => {
          resolve(body);
        });
        response.on('error', reject);
      });
      sent.on('error', reject);
    });
  }
  async function tcpBackend(
    onConnection: Parameters<typeof createServer>[1],
  ): Promise<{ id: string; address: string }> {
    const server = createServer({ allowHalfOpen: true }, onConnection);
    plain.push(server);
    const address = addresses.allocate();
    server.listen(8080, address);
    await once(server, 'listening');
    return { id: address, address };
  }

  it('gives connections in turn to the backends that are up', async () => {
    const lb = await start();
    assert.equal(lb.health('a'), 'unknown');
    await assert.rejects(request(), { code: 'ECONNRESET' }, 'nobody is up');
    lb.setBackends(backends);
    await until(() => backends.every(({ id }) => lb.health(id) === 'up'));
    for (let i = 0; i < 30; i += 1) await request();
    assert.deepEqual(
      backends.map(({ served }) => served),
      [10, 10, 10],
    );
  });

  it('takes a backend out when its probe fails and back in when it passes', async () => {
    const lb = await start();
    const events: string[] = [];
    const end = lb.onHealth((id, state) => events.push(`${id} ${state}`));
    const [, b] = backends;
    lb.setBackends(backends);
    await until(() => events.length === 3);
    b!.healthy = false;
    await until(() => lb.health('b') === 'down');
    for (let i = 0; i < 10; i += 1) assert.notEqual(await request(), 'b');
    b!.healthy = true;
    await until(() => lb.health('b') === 'up');
    end();
    b!.healthy = false;
    await until(() => lb.health('b') === 'down');
    assert.deepEqual([...events.slice(0, 3)].sort(), ['a up', 'b up', 'c up']);
    assert.deepEqual(events.slice(3), ['b down', 'b up']);
    assert.equal(b!.served, 0);
  });

  it('loses no request when a backend leaves the pool under traffic', async () => {
    const lb = await start();
    lb.setBackends(backends);
    await until(() => backends.every(({ id }) => lb.health(id) === 'up'));
    let running = true;
    const answers: string[] = [];
    const agent = new Agent({ keepAlive: true });
    agents.push(agent);
    const clients = [false as const, false as const, false as const, agent, agent].map(async choice => {
      while (running) answers.push(await request(choice));
    });
    for (let round = 0; round < 4; round += 1) {
      const before = answers.length;
      lb.setBackends(backends.slice(1));
      await until(() => answers.length > before + 100);
      lb.setBackends(backends);
      await until(() => lb.health('a') === 'up' && answers.length > before + 200);
    }
    running = false;
    await Promise.all(clients);
    assert.ok(answers.every(answer => ['a', 'b', 'c'].includes(answer)));
    assert.ok(answers.includes('a'));
  });

  it('lets open connections of a removed backend finish and says when it is drained', async () => {
    const slow = await tcpBackend(socket =>
      socket.on('data', data => socket.write(data)).on('end', () => socket.end()),
    );
    const lb = await start([{ frontendPort: 80, backendPort: 8080 }], []);
    lb.setBackends([slow]);
    assert.equal(lb.health(slow.id), 'up', 'there is no probe that could say otherwise');
    const client = connect(80, frontend);
    client.write('one');
    assert.equal(String((await once(client, 'data'))[0]), 'one');
    lb.setBackends([]);
    assert.equal(lb.connections(slow.id), 1);
    client.write('two');
    assert.equal(String((await once(client, 'data'))[0]), 'two');
    const late = connect(80, frontend);
    await assert.rejects(once(late, 'data'), { code: 'ECONNRESET' });
    client.end();
    await once(client, 'close');
    await until(() => lb.connections(slow.id) === 0);
  });

  it('tries another backend when one does not accept', async () => {
    const lb = await start([{ frontendPort: 80, backendPort: 8080 }], []);
    const gone = { id: 'gone', address: addresses.allocate() };
    lb.setBackends([gone, backends[0]!]);
    for (let i = 0; i < 10; i += 1) assert.equal(await request(), 'a');
    lb.setBackends([gone]);
    await assert.rejects(request(), { code: 'ECONNRESET' });
    assert.equal(lb.connections('gone'), 0);
  });

  it('carries large data both ways with slow readers, and half-closed connections', async () => {
    const size = 32 * 1024 * 1024;
    // Answers only after the client has ended its side: the number of bytes, and as many again.
    const counter = await tcpBackend(socket => {
      let count = 0;
      socket.on('data', data => (count += data.length));
      socket.on('end', () => socket.end(Buffer.alloc(count, 'x')));
    });
    const lb = await start([{ frontendPort: 80, backendPort: 8080 }], []);
    lb.setBackends([counter]);
    const client = connect({ host: frontend, port: 80, allowHalfOpen: true });
    client.end(Buffer.alloc(size, 'y'));
    let received = 0;
    let rounds = 0;
    for await (const chunk of client as AsyncIterable<Buffer>) {
      received += chunk.length;
      rounds += 1;
      if (rounds % 50 === 0) await delay(1);
    }
    assert.equal(received, size);
    await until(() => lb.connections(counter.id) === 0);
  });

  it('passes a broken connection on as broken, in both directions', async () => {
    let ended = '';
    let heard = '';
    const breaker = await tcpBackend(socket => {
      socket.on('error', error => (ended = (error as NodeJS.ErrnoException).code ?? ''));
      socket.on('close', () => (ended ||= 'closed'));
      socket.once('data', data => {
        heard = String(data);
        if (heard === 'break') socket.resetAndDestroy();
      });
    });
    const lb = await start([{ frontendPort: 80, backendPort: 8080 }], []);
    lb.setBackends([breaker]);
    const first = connect(80, frontend);
    first.write('break');
    await assert.rejects(once(first, 'end'), { code: 'ECONNRESET' });
    await until(() => ended !== '' && lb.connections(breaker.id) === 0);
    ended = '';
    const second = connect(80, frontend);
    second.write('hello');
    await until(() => heard === 'hello');
    second.resetAndDestroy();
    await until(() => ended !== '' && lb.connections(breaker.id) === 0);
  });

  it('keeps nothing of finished connections', async () => {
    const lb = await start([{ frontendPort: 80, backendPort: 8080 }], []);
    lb.setBackends(backends);
    for (let i = 0; i < 200; i += 1) await request();
    await until(() => backends.every(({ id }) => lb.connections(id) === 0));
  });

  it('serves several rules and judges a rule by its own probe', async () => {
    const failing: HealthProbe = { ...probe, name: 'tcp', protocol: 'Tcp', port: 9999 };
    const lb = await start(
      [rule, { frontendPort: 81, backendPort: 8080, probeName: 'tcp' }],
      [probe, failing],
    );
    lb.setBackends(backends.slice(0, 1));
    await until(() => lb.health('a') === 'down');
    assert.equal(await eventually(request), 'a');
    await assert.rejects(once(connect(81, frontend), 'end'), { code: 'ECONNRESET' });
  });

  it('starts a backend anew that comes back under another address', async () => {
    const lb = await start();
    lb.setBackends([{ id: 'x', address: backends[0]!.address }]);
    await until(() => lb.health('x') === 'up');
    lb.setBackends([{ id: 'x', address: backends[1]!.address }]);
    assert.equal(lb.health('x'), 'unknown');
    await until(() => lb.health('x') === 'up');
    assert.equal(await request(), 'b');
  });

  it('says what is wrong with its rules and ports and listens on none then', async () => {
    await assert.rejects(start([{ ...rule, probeName: 'none' }]), /no probe named 'none'/);
    const taken = createServer();
    plain.push(taken);
    taken.listen(0, frontend);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const twoRules = [rule, { frontendPort: port, backendPort: 8080 }];
    await assert.rejects(
      start(twoRules),
      error => error instanceof UserError && error.message.includes(`${frontend}:${port}`),
    );
    await assert.rejects(once(connect(80, frontend), 'connect'), { code: 'ECONNREFUSED' });
  });

  async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
    for (const deadline = Date.now() + 60_000; ;) {
      try {
        return await attempt();
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await delay(5);
      }
    }
  }

  describe('probe', () => {
    const check = (over: Partial<HealthProbe>, patience = 5_000) =>
      probeOnce({ ...probe, ...over }, backends[0]!.address, patience, new AbortController().signal);

    it('passes on status 200 only, or on an accepted connection', async () => {
      assert.equal(await check({}), true);
      assert.equal(await check({ path: 'health' }), true);
      backends[0]!.healthy = false;
      assert.equal(await check({}), false);
      assert.equal(await check({ protocol: 'Tcp' }), true);
      assert.equal(await check({ protocol: 'Tcp', port: 9999 }), false);
      assert.equal(await check({ port: 9999 }), false);
      assert.equal(await check({ protocol: 'Https' }), false);
    });

    it('fails on a backend that accepts and never answers', async () => {
      const silent = await tcpBackend(() => undefined);
      const answer = await probeOnce(
        { protocol: 'Http', port: 8080 },
        silent.address,
        30,
        new AbortController().signal,
      );
      assert.equal(answer, false);
    });

    it('takes a backend down after exactly that many failures in a row, up at once', () => {
      fc.assert(
        fc.property(fc.array(fc.boolean()), fc.integer({ min: 1, max: 4 }), (results, limit) => {
          const end = results.reduce((state, passed) => afterProbe(state, passed, limit), unprobed);
          const lastPass = results.lastIndexOf(true);
          const failures = results.length - 1 - lastPass;
          const expected = failures >= limit ? 'down' : lastPass >= 0 ? 'up' : 'unknown';
          assert.deepEqual(end, { state: expected, failures });
        }),
      );
    });
  });
});
