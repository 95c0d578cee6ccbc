/** Machines for real: ssh into a build VM, capture it, run instances of what was captured. Needs root and the base image. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createAddressPool, type AddressPool } from '../../../../local/azure/machines/addressPool.js';
import {
  createMachineHost,
  type Disk,
  type Machine,
  type MachineHost,
} from '../../../../local/azure/machines/machineHost.js';
import { UserError } from '../../../../shared/core/errors.js';
import { baseImageDirectory } from '../../../../scripts/setup/cache.mjs';

const run = promisify(execFile);

/** A web service as an image brings it; `index.php` tells host name, user and version. */
const bakeWeb = (version: string) => `
set -eu
mkdir -p /srv/web /etc/systemd/system/multi-user.target.wants
echo '<?php echo gethostname(), " ", getmyuid(), " ", posix_getuid(), " ", getenv("VERSION"), " ${version}";' >/srv/web/index.php
cat >/etc/systemd/system/web.service <<'UNIT'
[Unit]
After=network.target
[Service]
User=www-data
AmbientCapabilities=CAP_NET_BIND_SERVICE
RuntimeDirectory=web
EnvironmentFile=/etc/web.env
ExecStartPre=/bin/sh -c 'echo prepared as $(id -un) >/run/web/prepared'
ExecStart=/usr/bin/php -S \${LISTEN} -t /srv/web
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
echo 'LISTEN=0.0.0.0:80' >/etc/web.env
echo 'VERSION=v1' >>/etc/web.env
ln -sf /etc/systemd/system/web.service /etc/systemd/system/multi-user.target.wants/web.service
`;

describe('machine host', function () {
  this.timeout(600_000);
  let directory: string;
  let keyFile: string;
  let publicKey: string;
  let addresses: AddressPool;
  let host: MachineHost;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'machine-host-'));
    keyFile = join(directory, 'key');
    await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-C', 'test', '-f', keyFile]);
    publicKey = await readFile(`${keyFile}.pub`, 'utf8');
    addresses = createAddressPool();
  });
  beforeEach(() => {
    host = createMachineHost({ baseImage: baseImageDirectory(), stateDirectory: join(directory, 'state') });
  });
  afterEach(async () => {
    await host.close();
    assert.deepEqual(
      await readdir(join(directory, 'state')).catch(() => []),
      [],
      'a closed host leaves nothing',
    );
    assert.ok(
      !(await readFile('/proc/self/mounts', 'utf8')).includes(directory),
      'no mount shows outside the machines',
    );
  });
  after(async () => {
    addresses.close();
    await rm(directory, { recursive: true });
  });

  const startVm = (disk: Disk = host.base) =>
    host.start({
      name: 'pkrvm1',
      address: addresses.allocate(),
      disk,
      boot: 'ssh',
      login: { userName: 'packer', publicKeys: [publicKey] },
    });
  const startInstance = (disk: Disk, name = 'web000000') =>
    host.start({ name, address: addresses.allocate(), disk, boot: 'services' });
  const ssh = async (machine: Machine, command: string) => {
    const options = [
      'IdentitiesOnly=yes',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
      'BatchMode=yes',
    ];
    const where = [
      '-F',
      '/dev/null',
      '-i',
      keyFile,
      ...options.flatMap(option => ['-o', option]),
      `packer@${machine.address}`,
    ];
    return (await run('ssh', [...where, command])).stdout;
  };
  const page = async (machine: Machine) => (await fetch(`http://${machine.address}/`)).text();
  /** Bakes and captures an image with the web service. */
  const bake = async (version = 'one', from?: Disk) => {
    const vm = await startVm(from);
    const baked = await vm.run(['/bin/sh', '-c', bakeWeb(version)]);
    assert.equal(baked.exitCode, 0, baked.output);
    await vm.stop();
    const disk = await vm.capture();
    await vm.remove();
    return disk;
  };
  const eventually = async <T>(attempt: () => Promise<T>): Promise<T> => {
    for (const deadline = Date.now() + 60_000; ;) {
      try {
        return await attempt();
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await delay(50);
      }
    }
  };

  it('lets the administrator in by key, with sudo, under its own name and alone', async () => {
    const vm = await startVm();
    assert.equal(
      await ssh(vm, 'id -un; hostname; sudo -n id -u; cat /proc/1/comm'),
      'packer\npkrvm1\n0\ncat\n',
    );
    assert.ok(!(await ssh(vm, 'ps -e -o args=')).includes('mocha'), 'processes of the host are out of sight');
    assert.ok(!(await ssh(vm, 'cat /proc/mounts')).includes('/dev/vda'), 'and so are its mounts');
    assert.equal((await readFile('/proc/sys/kernel/hostname', 'utf8')).includes('pkrvm1'), false);
    assert.equal(
      await ssh(vm, 'cat /etc/resolv.conf'),
      await readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
    );
    assert.match(
      await ssh(vm, 'getent hosts $(hostname)'),
      new RegExp(`^${vm.address.replaceAll('.', '\\.')}\\s+pkrvm1`),
    );
    assert.match(
      await ssh(vm, 'sudo cat /var/lib/waagent/ovf-env.xml'),
      /<ns1:UserName>packer<\/ns1:UserName>/,
    );
    const listening = await run('ss', ['-Hltn', 'sport', '=', '22']);
    assert.ok(listening.stdout.includes(`${vm.address}:22`), listening.stdout);
  });

  it('lets apt reach its mirrors through the proxy that it has on the host', async () => {
    // A mirror that is known to this proxy only.
    const packages =
      'Package: baked\nVersion: 1.0\nArchitecture: all\nFilename: baked.deb\nSize: 1\nSHA256: 00\n';
    const hash = createHash('sha256').update(packages).digest('hex');
    const files = new Map([
      [
        'http://mirror.test/./Release',
        `Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n ${hash} ${packages.length} Packages\n`,
      ],
      ['http://mirror.test/./Packages', packages],
    ]);
    const proxy = createServer((request, response) => {
      const file = files.get(request.url ?? '');
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const before = process.env['http_proxy'];
    process.env['http_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      const vm = await startVm();
      const update = await vm.run([
        'sh',
        '-c',
        'rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* && ' +
          "echo 'deb [trusted=yes] http://mirror.test ./' >/etc/apt/sources.list && " +
          'apt-get update -qq -o APT::Update::Error-Mode=any && apt-cache policy baked',
      ]);
      assert.match(update.output, /Candidate: 1\.0/);
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
      proxy.close();
    }
  });

  it('lets systemctl enable units and skip what only a running systemd can do', async () => {
    const vm = await startVm();
    const unit = '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n';
    await ssh(vm, `printf '${unit}' | sudo tee /etc/systemd/system/nap.service`);
    await ssh(vm, 'sudo systemctl daemon-reload && sudo systemctl enable nap && sudo systemctl restart nap');
    await vm.stop();
    const instance = await startInstance(await vm.capture());
    const names = await eventually(async () => {
      const { output } = await instance.run(['ps', '-e', '-o', 'args=']);
      assert.match(output, /sleep 1000/);
      return output;
    });
    assert.ok(!/systemd|sshd|waagent|getty/.test(names), names);
  });

  it('takes a password only when one was given, and shows it to nobody', async () => {
    const address = addresses.allocate();
    const password = 'it\'s "se$cret" \\ `x`';
    const login = { userName: 'azureuser', publicKeys: [], password };
    const vm = await host.start({ name: 'vm', address, disk: host.base, boot: 'ssh', login });
    // What the shadow file holds is a hash of exactly this password.
    const check = `import crypt, spwd, sys; h = spwd.getspnam('azureuser').sp_pwdp; print(crypt.crypt(sys.stdin.read(), h) == h)`;
    const file = join(directory, 'password');
    const same = await vm.run(['sh', '-c', `printf %s "$P" | python3 -W ignore -c "$C"`], {
      P: password,
      C: check,
    });
    assert.equal(same.output, 'True\n', file);
    const everything = await vm.run([
      'sh',
      '-c',
      'cat /proc/[0-9]*/cmdline | tr "\\0" "\\n"; cat /var/lib/waagent/*',
    ]);
    assert.ok(!everything.output.includes('se$cret'));
    assert.ok(!vm.log().some(line => line.includes('se$cret')));
    const methods = await run('ssh', [
      '-F',
      '/dev/null',
      '-v',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      `x@${address}`,
    ]).catch((error: unknown) => error as { stderr: string });
    assert.match(methods.stderr, /continue: publickey,password/);
  });

  it('is left clean by the deprovisioning of a real Azure Linux agent', async () => {
    const vm = await startVm();
    assert.match(
      await ssh(vm, 'sudo waagent -force -deprovision+user 2>&1'),
      /packer account and entire home directory will be deleted/,
    );
    await vm.stop();
    const disk = await vm.capture();
    assert.deepEqual((await vm.capture()).layers, disk.layers, 'a second image of it is of the same disk');
    const upper = disk.layers[0] ?? '';
    const passwd = await readFile(join(upper, 'etc/passwd'), 'utf8');
    assert.ok(!passwd.includes('packer'));
    const keys = (await readdir(join(upper, 'etc/ssh'))).filter(name => name.startsWith('ssh_host_'));
    // A deleted file is absent, or a whiteout (a character device) where a lower layer has it.
    for (const key of keys) assert.ok((await stat(join(upper, 'etc/ssh', key))).isCharacterDevice(), key);
    assert.ok(
      !(await readFile(join(upper, 'etc/sudoers.d/waagent'), 'utf8').catch(() => '')).includes('packer'),
    );
    const emulation = ['usr/sbin/policy-rc.d', 'etc/sudoers.d/systemd-offline', 'run/sshd', 'dev/null'];
    for (const path of emulation)
      assert.equal(await stat(join(upper, path)).catch(() => undefined), undefined, path);
  });

  it('runs instances of a captured image, each on its own address only', async () => {
    const disk = await bake();
    const instances = await Promise.all([startInstance(disk, 'web000000'), startInstance(disk, 'web000001')]);
    for (const instance of instances) {
      assert.equal(await eventually(() => page(instance)), `${instance.name} 0 33 v1 one`);
      const prepared = await instance.run(['cat', '/run/web/prepared']);
      assert.equal(prepared.output, 'prepared as www-data\n');
      const processes = await instance.run(['ps', '-e', '-o', 'comm=']);
      assert.ok(!processes.output.includes('sshd'), "the base image's own services are not started");
    }
    const elsewhere = await run('ss', ['-Hltn', 'sport', '=', '80']);
    for (const { address } of instances) assert.ok(elsewhere.stdout.includes(`${address}:80`));
    assert.ok(!/(?:0\.0\.0\.0|\*|127\.0\.0\.1):80\s/.test(elsewhere.stdout), elsewhere.stdout);
  });

  it('starts a crashed service again and keeps what it said', async () => {
    const instance = await startInstance(await bake());
    await eventually(() => page(instance));
    assert.equal((await instance.run(['pkill', '-9', 'php'])).exitCode, 0);
    await eventually(() => {
      assert.ok(instance.log().includes('web.service: is started again'));
      return Promise.resolve();
    });
    assert.match(await eventually(() => page(instance)), /^web000000/);
    assert.ok(instance.log().some(line => /^web\.service: .*Development Server .* started/.test(line)));
  });

  it('stacks an image on an image and keeps a layer as long as somebody stands on it', async () => {
    const first = await bake('one');
    const second = await bake('two', first);
    assert.equal(second.layers.length, 3);
    assert.deepEqual(second.layers.slice(1), first.layers);
    await host.discard(first);
    await host.discard(first);
    const [old] = first.layers;
    assert.ok((await stat(old ?? '')).isDirectory(), 'the second image stands on it');
    const instance = await startInstance(second);
    assert.equal(await eventually(() => page(instance)), 'web000000 0 33 v1 two');
    await host.discard(second);
    assert.ok((await stat(old ?? '')).isDirectory(), 'the instance stands on it');
    assert.equal(await page(instance), 'web000000 0 33 v1 two');
    await instance.remove();
    await assert.rejects(stat(old ?? ''), { code: 'ENOENT' });
    await assert.rejects(stat(second.layers[0] ?? ''), { code: 'ENOENT' });
    assert.ok((await stat(baseImageDirectory())).isDirectory());
  });

  it('keeps its disk over stop and start, and its changes out of the image', async () => {
    const disk = await bake();
    const instance = await startInstance(disk);
    const ends: string[] = [];
    instance.onExit(reason => ends.push(reason));
    await instance.run(['sh', '-c', 'echo kept >/var/kept; echo gone >/tmp/gone']);
    await assert.rejects(instance.capture(), UserError);
    await instance.stop();
    assert.equal(instance.running, false);
    await assert.rejects(page(instance));
    await assert.rejects(instance.run(['true']), UserError);
    await instance.start();
    assert.equal((await instance.run(['cat', '/var/kept'])).output, 'kept\n');
    assert.equal((await instance.run(['ls', '/tmp'])).output, '');
    const other = await startInstance(disk, 'web000001');
    assert.notEqual((await other.run(['cat', '/var/kept'])).exitCode, 0);
    assert.deepEqual(ends, [], 'an end that was asked for is no event');
  });

  it('tells when a machine ends by itself', async () => {
    const instance = await startInstance(host.base);
    const ended = new Promise<string>(resolve => {
      instance.onExit(resolve);
    });
    const namespace = (await instance.run(['readlink', '/proc/1/ns/pid'])).output;
    const candidates = (await run('pgrep', ['-x', 'cat'])).stdout.trim().split('\n');
    for (const pid of candidates) {
      // Other machines may run beside this test: theirs is another namespace.
      const { stdout } = await run('readlink', [`/proc/${pid}/ns/pid`]).catch(() => ({ stdout: '' }));
      if (stdout === namespace) process.kill(Number(pid), 'SIGKILL');
    }
    assert.match(await ended, /^Machine 'web000000' ended by itself with/);
    assert.equal(instance.running, false);
    await instance.start();
    assert.equal(instance.running, true);
  });

  it('runs commands with their environment, exit code and output, also when they leave a daemon', async () => {
    const instance = await startInstance(host.base);
    const result = await instance.run(['sh', '-c', 'echo "$A"; echo err >&2; exit 3'], { A: 'b c' });
    assert.equal(result.exitCode, 3);
    assert.deepEqual(result.output.split('\n').sort(), ['', 'b c', 'err']);
    assert.equal((await instance.run(['sh', '-c', 'kill -9 $$'])).exitCode, 137);
    assert.equal((await instance.run(['sh', '-c', 'sleep 60 & echo done'])).output, 'done\n');
  });

  it('says why a machine does not boot and leaves nothing of it', async () => {
    const broken = createMachineHost({
      baseImage: join(directory, 'none'),
      stateDirectory: join(directory, 'state'),
    });
    await assert.rejects(
      broken.start({ name: 'vm', address: '127.9.9.9', disk: broken.base, boot: 'ssh' }),
      /base image is not at/,
    );
    await assert.rejects(
      host.start({
        name: 'vm',
        address: addresses.allocate(),
        disk: { layers: [join(directory, 'none')] },
        boot: 'ssh',
      }),
      { name: 'ToolError', message: 'The machine did not boot.' },
    );
    for (const [name, address] of [
      ['a;b', '127.9.9.9'],
      ['vm', '127.0.0.1'],
      ['vm', '10.0.0.4'],
      ['-vm', '127.9.9.9'],
    ] as const) {
      await assert.rejects(host.start({ name, address, disk: host.base, boot: 'ssh' }), UserError);
    }
  });
});
