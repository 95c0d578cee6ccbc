/** What users of other bake tasks suffer from, and the tests that show it cannot happen here: a table that is held against the tests' titles. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Pain by pain, the tests by file and title. */
const pains: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  'a template in HCL2 cannot be baked': [
    ['anyTemplate', 'b1: bakes HCL2, HCL2 as JSON and a folder of both, with only and except'],
  ],
  "a template of one's own is not signed in": [
    ['anyTemplate', 'b2: refuses a template of which the Azure builder would not be given the connection'],
    ['run', 'gives credentials to HCL2 templates that have variables for them, and to no others'],
  ],
  'a federated build of more than an hour dies': [
    ['signIn/federation', 'lets a long build ask for fresh tokens, as the plugin does'],
    ['signIn/credentials', 'opens a bridge for a template that can ask for tokens, and closes it at the end'],
  ],
  'a Packer without plugins cannot build, or takes the newest ones': [
    ['anyTemplate', 'b4: names the block to add where Packer brings no plugins'],
    [
      'anyTemplate',
      'b4: installs the plugins that the template names, pinned, into the folder that is named, before anything else',
    ],
  ],
  'the version of Packer is not understood': [['anyTemplate', 'b5: reads the version of every Packer']],
  'the output is a name where an id is needed, or is missing': [
    ['bundle', 'bakes a managed image, tells it as output variables and keeps the log'],
    ['run', 'fails on several images, takes the named build, and warns of a VHD'],
  ],
  "the template's folder is changed": [['anyTemplate', 'b7: leaves the folder of the template as it was']],
  'credentials stay on the agent': [
    ['anyTemplate', 'b8: keeps what a template calls sensitive out of the kept log, wherever it was given'],
    ['run', 'writes nothing beside the template and leaves no private file behind'],
  ],
  'an image in service is deleted before the build': [
    ['bundle', 'refuses to overwrite an image, unless it is told to'],
    ['destination/imageStores', 'an image that a scale set uses is never overwritten: its name is told'],
  ],
  'resource groups are left behind': [
    ['cleanUp/cleanUp', 'when the run is cancelled'],
    ['cleanUp/cleanUp', 'when the task is killed: the post-job step ends Packer and sweeps'],
    ['cleanUp/cleanUp', 'when Packer is killed: the task sweeps and says what has happened'],
  ],
  'old images are cleaned up with the last good one': [
    [
      'image/retention',
      'does not count failed versions as kept: three failures do not push out the last good one',
    ],
    [
      'image/retention',
      'keeps what is used or may be gone back to, and the last good one before the image just baked',
    ],
  ],
  "a gallery's definition is missing, and that is told late": [
    ['destination/imageStores', 'preflight names everything that stands in the way at once'],
    [
      'destination/imageStores',
      'a definition that does not fit is told by what differs; one that is missing is made on request',
    ],
  ],
  'everything is baked anew though nothing has changed': [
    [
      'image/reuse',
      'reuses it from another checkout, under another name for the new image, with another secret',
    ],
    ['digest/bakeDigest', 'is the same in a clone, whatever git does to line ends'],
  ],
};

describe('the pains of bakes elsewhere', () => {
  for (const [pain, tests] of Object.entries(pains)) {
    it(`${pain}: not here, as other tests show`, () => {
      for (const [file, title] of tests) {
        const text = readFileSync(join(here, `${file}.test.ts`), 'utf8');
        const titles = [`it('${title}'`, `it("${title}"`];
        assert.ok(
          titles.some(each => text.replace(/it\(\s+/g, 'it(').includes(each)),
          `${file}.test.ts has no test '${title}'`,
        );
      }
    });
  }
});
