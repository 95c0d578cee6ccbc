/** The faults that `npm run demo -- --break STAGE` commits: each one that a team could have merged. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Break {
  /** What the commit does, as its message says. */
  readonly what: string;
  /** Makes the change in a checkout of the sample. */
  readonly edit: (source: string) => void;
}

/** The faults by the stage that must find them. */
export const breaks = {
  bake: {
    what: 'a provisioning script ends with 7',
    edit: source => {
      replace(source, 'packer/provision/prepare.sh', 'set -eu\n', [
        'set -eu',
        "echo 'prepare: the licence server does not answer' >&2",
        'exit 7\n',
      ]);
    },
  },
  patch: {
    what: 'a misspelled parameter in the parameters file',
    edit: source => {
      replace(source, 'arm/azuredeploy.parameters.json', '"instanceCount"', ['"instanceCuont"']);
    },
  },
  deploy: {
    what: '/health answers 503',
    edit: source => {
      replace(source, 'app/public/health.php', "header('Cache-Control", [
        'http_response_code(503);',
        "header('Cache-Control",
      ]);
      // A person at a terminal need not wait the quarter of an hour that real machines deserve.
      replace(source, 'azure-pipelines.yml', "batchSize: '1'\n", [
        "batchSize: '1'",
        "                    instanceTimeoutInMinutes: '1'\n",
      ]);
    },
  },
  smoke: {
    what: 'the button for the next page does nothing',
    edit: source => {
      replace(source, 'app/public/assets/grid.js', 'change({ page: state.page + 1 })', [
        'change({ page: state.page })',
      ]);
    },
  },
  load: {
    what: 'the load test allows one millisecond',
    edit: source => {
      replace(source, 'azure-pipelines.yml', 'maxMilliseconds=2000', ['maxMilliseconds=1']);
    },
  },
} satisfies Record<string, Break>;

/** Whether there is a fault of that name. */
export function isBreak(name: string): name is keyof typeof breaks {
  return Object.hasOwn(breaks, name);
}

/** Replaces the one occurrence of a text; throws when the sample has changed and the text is not there once. */
function replace(source: string, file: string, from: string, to: readonly string[]): void {
  const path = join(source, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold this text exactly once: ${from}`);
  writeFileSync(path, text.replace(from, to.join('\n')));
}
