/** What a run is to do, as its inputs say: checked whole before anything is started. */
import { resolve } from 'node:path';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError } from '../../../shared/core/errors.js';
import { webAddress } from '../../../shared/core/webAddress.js';
import type { inputs } from './inputs.generated.js';

/** The task's inputs. */
export type Input = Inputs<typeof inputs>;

/** A run as it is asked for. */
export interface SmokePlan {
  /** The site as given; the tests get it so. */
  readonly site: string;
  /** What must answer before the first test. */
  readonly waitUrl: string;
  /** Where the tests run and relative paths begin. */
  readonly directory: string;
  /** An existing Grid; undefined when the browsers of this machine are meant. */
  readonly grid: URL | undefined;
  /** One run of the tests for each; at least one. */
  readonly browsers: readonly [string, ...string[]];
}

/**
 * Checks what the types of the inputs do not say.
 * @throws ProblemsError naming all that is wrong
 */
export function planSmoke(input: Input, workingDirectory: string): SmokePlan {
  const problems: string[] = [];
  const site = webAddress(input.siteUrl, 'siteUrl', problems);
  const grid = input.gridUrl === undefined ? undefined : webAddress(input.gridUrl, 'gridUrl', problems);
  const browser = input.browsers ?? 'chrome';
  if (!/^[A-Za-z][\w .-]*$/.test(browser))
    problems.push(`'browsers' must name one browser, such as chrome, not '${browser}'.`);
  else if (input.gridUrl === undefined && browser.toLowerCase() !== 'chrome')
    problems.push(
      `'browsers' is '${browser}', but without 'gridUrl' only chrome (Google Chrome or Chromium) can be run.`,
    );
  if (problems.length > 0 || site === undefined)
    throw new ProblemsError('The inputs of this task are not right', problems);
  return {
    site: input.siteUrl,
    waitUrl: below(site, input.waitPath),
    directory: resolve(workingDirectory, input.workingDirectory ?? '.'),
    grid,
    browsers: [browser],
  };
}

function below(site: URL, path: string | undefined): string {
  return path === undefined ? site.href : `${site.href.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}
