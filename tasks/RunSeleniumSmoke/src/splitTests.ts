/** Splits the tests into the parts that are asked for; the runner says what there is to split. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { ToolError, UserError } from '../../../shared/core/errors.js';
import { lastLines, plural } from '../../../shared/core/text.js';
import type { AskRunner, ProgramRunner } from './runners/finding.js';
import { numberedShards, shardCount, splitUnits, whole, type Shard } from './shards.js';
import type { Suite } from './suiteRun.js';

/**
 * @param free how many browsers can be opened now; undefined when nobody can tell
 * @throws ToolError when the runner cannot list its tests; UserError when nobody can tell how many parts there are to be
 */
export async function splitTests(
  suite: Suite & { readonly shards: number; readonly browsers: readonly string[] },
  free: number | undefined,
  agent: Agent,
): Promise<Shard[]> {
  const { runner, browsers } = suite;
  if (suite.shards === 1) return [whole];
  if (suite.shards === 0 && free === undefined)
    throw new UserError(
      `'shards' is 0, but the endpoint of 'gridUrl' does not say how many slots it has free: give the number of shards.`,
    );
  const count = shardCount(suite.shards, free ?? 1, browsers.length);
  if (count === 1) return [whole];
  if (runner.units === undefined) return numberedShards(count);
  const folder = join(agent.tempDirectory, 'list');
  mkdirSync(folder, { recursive: true });
  const variables = { SITE_URL: suite.site, BROWSER: browsers[0] ?? '', RESULTS_DIR: folder };
  const units =
    'checks' in runner
      ? await runner.units()
      : await runner.units(variables, asking(runner, suite.directory, variables, agent));
  const shards = splitUnits(units, count);
  const tests = units.reduce((sum, unit) => sum + unit.tests, 0);
  agent.info(
    `${plural(tests, 'test')} in ${plural(units.length, ...(unitsAre[runner.name] ?? ['file']))}, split into ${plural(shards.length, 'shard')}.`,
  );
  return shards;
}

const unitsAre: Readonly<Record<string, [string, string?]>> = {
  PHPUnit: ['class', 'classes'],
  'The checks': ['page'],
};

/** There is no browser yet: tests are only listed. */
function asking(
  { name, path }: ProgramRunner,
  cwd: string,
  variables: Readonly<Record<string, string>>,
  agent: Agent,
): AskRunner {
  return async args => {
    const lines: string[] = [];
    const { exitCode, tail } = await agent.run({
      name,
      path,
      args,
      cwd,
      env: { ...variables, SCREENSHOT_DIR: variables['RESULTS_DIR'], WEBDRIVER_URL: 'http://127.0.0.1:1' },
      echo: false,
      onLine: (line, stream) => {
        if (stream === 'stdout') lines.push(line);
      },
    });
    // pytest says 5 when there is none.
    if (exitCode !== 0 && !(name === 'pytest' && exitCode === 5))
      throw new ToolError(
        `${name} could not list its tests, which the task needs to split them ('shards').`,
        name,
        exitCode,
        lastLines(tail.map(line => agent.mask(line))),
      );
    return lines;
  };
}
