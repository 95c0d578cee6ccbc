import assert from 'node:assert/strict';
import { formatModelImage, type ModelImage } from '../../../shared/azure/modelImage.js';
import type { ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import {
  readRolloutRecord,
  withRolloutRecord,
  type RolloutRecord,
} from '../../../shared/core/rolloutRecord.js';
import {
  begun,
  ended,
  foundOf,
  notThere,
  parseModelImage,
  saysTheSame,
  wayBack,
  type Writer,
} from '../../../tasks/DeployVmssImage/src/lastGood.js';
import { image } from './simulatedAzure.js';

const writer: Writer = { now: Date.UTC(2026, 10, 23, 4), run: '20261123.1' };
const [a, b, c] = [image('a'), image('b'), image('c')];

/** A scale set and what the task does to it; `runs` is the image of each instance. */
class World {
  model: ModelImage = a;
  runs: ModelImage[] = [a, a, a];
  record: RolloutRecord | undefined;

  found() {
    const text = formatModelImage(this.model);
    const instances = this.runs.map((one, index): ScaleSetInstance => ({
      id: String(index),
      name: `web_${index}`,
      latestModelApplied: formatModelImage(one) === text,
      image: one,
      provisioningState: 'Succeeded',
      powerState: 'running',
      health: 'healthy',
      isProtected: false,
      message: undefined,
    }));
    return foundOf({ image: this.model, tags: withRolloutRecord({}, this.record) }, instances);
  }
  /** The model gets an image, and this many instances follow. */
  begin(next: ModelImage, moved = 3, state: 'rolling' | 'modelSet' | 'rollingBack' = 'rolling') {
    this.record = begun(this.found(), next, state, writer);
    this.model = next;
    this.runs = this.runs.map((one, index) => (index < moved ? next : one));
  }
  end(how: 'done' | 'rolledBack' = 'done') {
    this.record = ended(this.record, how, writer);
  }
  deploy(next: ModelImage) {
    this.begin(next);
    this.end();
  }
  good = () => this.found().good;
  way = () => {
    const way = wayBack('web', this.found());
    return 'image' in way ? way.image : undefined;
  };
  refusal = () => {
    const way = wayBack('web', this.found());
    return 'refusal' in way ? way.refusal : '';
  };
}

describe('the last good image', () => {
  it('is the model of a scale set that nobody has recorded anything on', () => {
    assert.deepEqual(new World().good(), a);
    assert.match(new World().refusal(), /^Nothing is recorded on scale set 'web' to roll back to/);
  });

  it('follows each rollout that ends well, and is what a rollback goes to', () => {
    const world = new World();
    world.deploy(b);
    assert.deepEqual([world.good(), world.way()], [b, a]);
    world.deploy(c);
    assert.deepEqual([world.good(), world.way()], [c, b]);
  });

  it('is not what a rollout has stopped half way on: the next run of the same or another image goes back further', () => {
    const world = new World();
    world.begin(b, 1);
    assert.deepEqual([world.good(), world.way()], [a, a]);
    world.begin(b, 2);
    assert.deepEqual([world.good(), world.way()], [a, a]);
    world.begin(c, 2);
    assert.deepEqual([world.good(), world.way()], [a, a]);
    world.begin(c);
    world.end();
    assert.deepEqual([world.good(), world.way()], [c, a]);
  });

  it('is not what failed though all instances run it', () => {
    const world = new World();
    world.begin(b);
    assert.deepEqual([world.good(), world.way()], [a, a]);
  });

  it('stays when the same image is deployed once more', () => {
    const world = new World();
    world.deploy(b);
    world.deploy(b);
    assert.deepEqual([world.good(), world.way()], [b, a]);
  });

  it('goes one step back and no further: no second rollback, no way forth again', () => {
    const world = new World();
    world.deploy(b);
    world.begin(a, 1, 'rollingBack');
    assert.deepEqual([world.good(), world.way()], [a, a], 'a rollback that was stopped goes on');
    world.begin(a, 3, 'rollingBack');
    world.end('rolledBack');
    assert.deepEqual(world.good(), a);
    assert.match(
      world.refusal(),
      /has been rolled back already \(2026-11-23 04:00 UTC, by run 20261123\.1\)/,
    );
    world.deploy(c);
    assert.deepEqual([world.good(), world.way()], [c, a]);
  });

  it('survives a failed rollout that went back by itself, whole or half', () => {
    const world = new World();
    world.deploy(b);
    world.begin(c, 2);
    world.model = b;
    assert.deepEqual([world.good(), world.way()], [b, b], 'half');
    world.runs = [b, b, b];
    assert.match(world.refusal(), /There is nothing to roll back/);
    world.end('rolledBack');
    assert.deepEqual(world.good(), b);
    assert.match(world.refusal(), /rolled back already/);
  });

  it('is what the instances run when only the model was set', () => {
    const world = new World();
    world.begin(b, 0, 'modelSet');
    assert.deepEqual([world.good(), world.way()], [a, a]);
    world.begin(b);
    world.end();
    assert.deepEqual([world.good(), world.way()], [b, a]);
  });

  it('is told from the instances where something else has changed the model', () => {
    const world = new World();
    world.deploy(b);
    world.model = c;
    assert.deepEqual(world.good(), b, 'instances have not followed');
    assert.match(world.refusal(), /was changed by something else since/);
    world.runs = [c, c, c];
    assert.deepEqual(world.good(), c);
    world.record = undefined;
    world.model = b;
    world.runs = [b, a, a];
    assert.deepEqual(world.good(), a, 'a template has removed the tags half way');
  });

  it('is nothing before the first deployment, which records nothing', () => {
    assert.equal(begun(notThere, a, 'rolling', writer), undefined);
    assert.equal(ended(undefined, 'done', writer), undefined);
  });

  it('comes back from tags in every form that a model’s image has', () => {
    for (const text of [
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/web',
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/d/versions/1.0.0',
      'https://files.blob.core.windows.net/images/web.vhd',
      'Debian:debian-12:12-gen2:latest',
      '/SharedGalleries/g/Images/d/Versions/1.0.0',
      '/CommunityGalleries/g/Images/d/Versions/1.0.0',
    ]) {
      const parsed = parseModelImage(text);
      assert.ok(parsed !== undefined, text);
      assert.equal(formatModelImage(parsed), text);
    }
    assert.equal(parseModelImage('$(rm -rf /)'), undefined);
    const record: RolloutRecord = {
      previous: 'x',
      state: 'done',
      target: '0'.repeat(16),
      at: new Date(0),
      run: '',
    };
    assert.ok(saysTheSame(readRolloutRecord(withRolloutRecord({}, record)), record));
  });
});
