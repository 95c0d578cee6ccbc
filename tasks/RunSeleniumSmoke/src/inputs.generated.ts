/** The inputs and outputs of RunSeleniumSmoke, made from task.json by "npm run generate". */
export const inputs = {
  siteUrl: { type: 'string', required: true },
  runner: { type: 'pickList', required: false, options: ['phpunit', 'pytest', 'mocha', 'command', 'checks'] },
  tests: { type: 'string', required: false },
  command: { type: 'string', required: false },
  arguments: { type: 'string', required: false },
  workingDirectory: { type: 'filePath', required: false },
  waitPath: { type: 'string', required: false },
  waitForText: { type: 'string', required: false },
  waitTimeoutSeconds: { type: 'int', required: false, fallback: 300 },
  browsers: { type: 'string', required: false },
  gridUrl: { type: 'string', required: false },
  driverPath: { type: 'string', required: false },
  shards: { type: 'int', required: false, fallback: 1 },
  headless: { type: 'boolean', required: false, fallback: true },
  windowSize: { type: 'string', required: false },
  mobileDevice: { type: 'string', required: false },
  capabilities: { type: 'multiLine', required: false },
  minimumTests: { type: 'int', required: false, fallback: 1 },
  rerunFailed: { type: 'int', required: false },
  failOnFlaky: { type: 'boolean', required: false },
  testRunTitle: { type: 'string', required: false },
  publishResults: { type: 'boolean', required: false, fallback: true },
  evidence: { type: 'boolean', required: false, fallback: true },
  timeoutInMinutes: { type: 'int', required: false },
} as const;

export const outputs = ['gatePassed', 'testsTotal', 'testsFailed', 'testsFlaky', 'resultsFile'] as const;
