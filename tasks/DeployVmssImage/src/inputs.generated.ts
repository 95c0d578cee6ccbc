/** The inputs and outputs of DeployVmssImage, made from task.json by "npm run generate". */
export const inputs = {
  azureSubscription: { type: 'connectedService', required: true },
  resourceGroupName: { type: 'string', required: true },
  action: { type: 'pickList', required: false, options: ['deployTemplate', 'updateImage'] },
  scaleSetName: { type: 'string', required: false },
  imageReference: { type: 'string', required: false },
  templateFile: { type: 'filePath', required: false },
  parametersFile: { type: 'filePath', required: false },
  overrideParameters: { type: 'multiLine', required: false },
  location: { type: 'string', required: false },
  deploymentName: { type: 'string', required: false },
  deploymentMode: { type: 'pickList', required: false, options: ['Incremental', 'Complete'] },
  strategy: { type: 'pickList', required: false, options: ['rolling', 'allAtOnce', 'modelOnly'] },
  batchSize: { type: 'string', required: false },
  canarySize: { type: 'string', required: false },
  canarySoakSeconds: { type: 'int', required: false },
  pauseSeconds: { type: 'int', required: false },
  onFailure: { type: 'pickList', required: false, options: ['rollback', 'stop'] },
  healthCheck: { type: 'pickList', required: false, options: ['platform', 'http', 'none'] },
  healthUrl: { type: 'string', required: false },
  healthText: { type: 'string', required: false },
  maxUnhealthy: { type: 'string', required: false },
  instanceTimeoutInMinutes: { type: 'int', required: false, fallback: 15 },
  dryRun: { type: 'boolean', required: false },
  timeoutInMinutes: { type: 'int', required: false },
} as const;

export const outputs = ['scaleSetName', 'imageReference', 'previousImageReference', 'instanceCount', 'instancesUpdated', 'rolledBack', 'siteUrl', 'deploymentName'] as const;
