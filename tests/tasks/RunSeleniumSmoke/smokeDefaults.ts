/** The task's inputs as its task.json has them when a pipeline gives none. */
import type { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';

/** All but the site. */
export const smokeDefaults: Omit<Parameters<typeof runSmoke>[0], 'siteUrl'> = {
  runner: 'phpunit',
  tests: undefined,
  command: undefined,
  arguments: undefined,
  workingDirectory: undefined,
  waitPath: undefined,
  waitForText: undefined,
  waitTimeoutSeconds: 300,
  browsers: 'chrome',
  gridUrl: undefined,
  driverPath: undefined,
  shards: 1,
  headless: true,
  xvfb: false,
  windowSize: undefined,
  mobileDevice: undefined,
  proxy: undefined,
  capabilities: undefined,
  minimumTests: 1,
  rerunFailed: 0,
  failOnFlaky: false,
  testRunTitle: 'Smoke tests',
  publishResults: true,
  evidence: true,
  timeoutInMinutes: 0,
};
