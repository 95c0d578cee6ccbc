/** Reading an image from outside: links stay inside, systemd's search order holds. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findServices } from '../../../../../local/azure/machines/units/imageUnits.js';
import { rootedFiles } from '../../../../../local/azure/machines/units/rootedFiles.js';

describe('files of an image', () => {
  let directory: string;
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  };
  const link = async (path: string, target: string) => {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await symlink(target, join(directory, path));
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rooted-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('resolves links inside the root and never leaves it', async () => {
    await put('image/etc/name', 'inside');
    await put('secret', 'outside');
    await link('image/absolute', '/etc/name');
    await link('image/lib', 'etc');
    await link('image/out', '../../../../secret');
    await link('image/real', join(directory, 'secret'));
    await link('image/loop', 'loop');
    const files = rootedFiles(join(directory, 'image'));
    assert.equal(await files.read('/absolute'), 'inside');
    assert.equal(await files.read('/lib/name'), 'inside');
    assert.equal(await files.read('/../../etc/name'), 'inside');
    assert.equal(await files.read('/out'), undefined);
    assert.equal(await files.read('/real'), undefined);
    assert.equal(await files.read('/loop'), undefined);
    assert.equal(await files.read('/etc'), undefined, 'a directory has no text');
    assert.deepEqual(await files.list('/lib'), ['name']);
    assert.deepEqual(await files.list('/none'), []);
  });

  it('finds the services that the image brought, with drop-ins, templates and what they want', async () => {
    const wants = 'etc/systemd/system/multi-user.target.wants';
    await put('base/etc/systemd/system/multi-user.target.wants/cron.service', '[Service]\nExecStart=/cron');
    await put(
      'image/usr/lib/systemd/system/web.service',
      '[Unit]\nWants=worker.service ssh.service\n[Service]\nExecStart=/vendor',
    );
    await put(
      'image/etc/systemd/system/web.service.d/50-own.conf',
      '[Service]\nExecStart=\nExecStart=/own\nUser=app',
    );
    await link(`image/${wants}/web.service`, '/usr/lib/systemd/system/web.service');
    await put('image/lib/systemd/system/worker.service', '[Service]\nExecStart=/worker');
    await put('image/etc/systemd/system/queue@.service', '[Service]\nExecStart=/queue %i');
    await link(`image/${wants}/queue@mail.service`, '/etc/systemd/system/queue@.service');
    await link('image/etc/systemd/system/masked.service', '/dev/null');
    await put('image/dev/null', '');
    await link(`image/${wants}/masked.service`, '/etc/systemd/system/masked.service');
    await link(`image/${wants}/gone.service`, '/etc/systemd/system/gone.service');
    await put(`image/${wants}/cron.service`, '');
    await put('image/usr/lib/systemd/system/cron.service', '[Service]\nExecStart=/cron');
    await put('image/usr/lib/systemd/system/broken.service', '[Service]\nUser=x');
    await link(`image/${wants}/broken.service`, '/usr/lib/systemd/system/broken.service');
    const found = await findServices(
      rootedFiles(join(directory, 'image')),
      rootedFiles(join(directory, 'base')),
      'web000000',
    );
    assert.deepEqual(
      found.services.map(({ name, user, commands }) => [name, user, commands[0]?.words.join(' ')]),
      [
        ['queue@mail.service', '', '/queue mail'],
        ['web.service', 'app', '/own'],
        ['worker.service', '', '/worker'],
      ],
    );
    assert.deepEqual(found.problems, [
      'broken.service is enabled but cannot be started: it has no ExecStart=.',
      'gone.service is enabled but cannot be started: no unit file of that name is in the image.',
    ]);
  });
});
