import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('agentToolCache', () => {
  const names = ['AGENT_TOOLSDIRECTORY', 'AGENT_VERSION'];
  const before = names.map(name => process.env[name]);
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tool-cache-'));
    process.env['AGENT_TOOLSDIRECTORY'] = join(root, 'tools');
    process.env['AGENT_VERSION'] = '4.265.1';
  });
  afterEach(() => {
    names.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    });
    rmSync(root, { recursive: true, force: true });
  });

  it("keeps a tool in the agent's own layout and finds it again", async () => {
    const { agentToolCache } = await import('../../../shared/agent/toolCache.js');
    assert.deepEqual(await agentToolCache.versions('packer'), []);
    assert.equal(await agentToolCache.find('packer', '1.11.2'), undefined);
    const folder = join(root, 'unpacked');
    mkdirSync(folder);
    writeFileSync(join(folder, 'packer'), '#!/bin/sh\n', { mode: 0o755 });
    const kept = await agentToolCache.add(folder, 'packer', '1.11.2');
    assert.equal(kept, join(root, 'tools', 'packer', '1.11.2', process.arch));
    assert.equal(readFileSync(join(kept, 'packer'), 'utf8'), '#!/bin/sh\n');
    assert.equal(statSync(join(kept, 'packer')).mode & 0o111, 0o111);
    assert.ok(existsSync(`${kept}.complete`));
    assert.deepEqual(await agentToolCache.versions('packer'), ['1.11.2']);
    assert.equal(await agentToolCache.find('packer', '1.11.2'), kept);
  });

  it('passes over what was not wholly written', async () => {
    const { agentToolCache } = await import('../../../shared/agent/toolCache.js');
    mkdirSync(join(root, 'tools', 'packer', '1.9.4', process.arch), { recursive: true });
    assert.deepEqual(await agentToolCache.versions('packer'), []);
    assert.equal(await agentToolCache.find('packer', '1.9.4'), undefined);
  });
});
