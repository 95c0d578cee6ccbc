/** The inputs of RunJmeterLoad as they are when a pipeline names the plan only. */
import type { LoadInput } from '../../../tasks/RunJmeterLoad/src/checkInputs.js';

/** @param rest what the test is about */
export function loadInput(rest: Partial<LoadInput>): LoadInput {
  return {
    testPlan: 'site.jmx',
    siteUrl: undefined,
    replaceHosts: undefined,
    threads: 0,
    rampUpSeconds: 0,
    durationSeconds: 0,
    properties: undefined,
    propertyFiles: undefined,
    jmeterHome: undefined,
    jmeterVersion: undefined,
    jmeterBaseUrl: undefined,
    jmeterSha512: undefined,
    plugins: undefined,
    pluginsBaseUrl: undefined,
    jvmArguments: undefined,
    remoteHosts: undefined,
    remoteTls: true,
    remoteExit: false,
    divideThreads: false,
    mergeResults: undefined,
    failOnAssertionErrors: true,
    allowedErrorPercent: '0',
    minimumSamples: 1,
    criteria: undefined,
    baseline: 'none',
    baselineFile: undefined,
    baselineBranch: undefined,
    baselineArtifact: undefined,
    baselineRequired: false,
    abortWhen: undefined,
    silenceSeconds: 600,
    warmUpSeconds: 0,
    testRunTitle: 'Load test',
    publishResults: true,
    timeoutInMinutes: 0,
    ...rest,
  };
}
