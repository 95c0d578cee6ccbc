/** The inputs and outputs of RunJmeterLoad, made from task.json by "npm run generate". */
export const inputs = {
  testPlan: { type: 'filePath', required: true },
  siteUrl: { type: 'string', required: false },
  replaceHosts: { type: 'string', required: false },
  threads: { type: 'int', required: false },
  rampUpSeconds: { type: 'int', required: false },
  durationSeconds: { type: 'int', required: false },
  properties: { type: 'multiLine', required: false },
  propertyFiles: { type: 'multiLine', required: false },
  jmeterHome: { type: 'string', required: false },
  jvmArguments: { type: 'string', required: false },
  failOnAssertionErrors: { type: 'boolean', required: false, fallback: true },
  allowedErrorPercent: { type: 'string', required: false },
  minimumSamples: { type: 'int', required: false, fallback: 1 },
  criteria: { type: 'multiLine', required: false },
  baseline: { type: 'pickList', required: false, options: ['none', 'file'] },
  baselineFile: { type: 'filePath', required: false },
  baselineRequired: { type: 'boolean', required: false },
  abortWhen: { type: 'multiLine', required: false },
  silenceSeconds: { type: 'int', required: false, fallback: 600 },
  warmUpSeconds: { type: 'int', required: false },
  testRunTitle: { type: 'string', required: false },
  publishResults: { type: 'boolean', required: false, fallback: true },
  timeoutInMinutes: { type: 'int', required: false },
} as const;

export const outputs = ['gatePassed', 'samples', 'errorPercent', 'p50', 'p95', 'p99', 'throughput', 'resultsFile', 'summaryFile'] as const;
