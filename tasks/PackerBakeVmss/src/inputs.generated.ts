/** The inputs and outputs of PackerBakeVmss, made from task.json by "npm run generate". */
export const inputs = {
  azureSubscription: { type: 'connectedService', required: true },
  templatePath: { type: 'filePath', required: true },
  variables: { type: 'multiLine', required: false },
  variableFiles: { type: 'multiLine', required: false },
  only: { type: 'string', required: false },
  except: { type: 'string', required: false },
  buildName: { type: 'string', required: false },
  allowOverwrite: { type: 'boolean', required: false },
  dryRun: { type: 'boolean', required: false },
  packerVersion: { type: 'string', required: false },
  packerBaseUrl: { type: 'string', required: false },
  packerSha256: { type: 'string', required: false },
  pluginsPath: { type: 'filePath', required: false },
  packerPath: { type: 'filePath', required: false },
  workingDirectory: { type: 'filePath', required: false },
  timeoutInMinutes: { type: 'int', required: false },
} as const;

export const outputs = ['imageReference', 'imageKind', 'imageName', 'imageLocation', 'packerLog'] as const;
