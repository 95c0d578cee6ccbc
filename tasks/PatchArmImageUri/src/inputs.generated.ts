/** The inputs and outputs of PatchArmImageUri, made from task.json by "npm run generate". */
export const inputs = {
  files: { type: 'multiLine', required: true },
  templateFile: { type: 'filePath', required: false },
  imageReference: { type: 'string', required: false },
  packerLog: { type: 'filePath', required: false },
  packerManifest: { type: 'filePath', required: false },
  parameterName: { type: 'string', required: false },
  jsonPath: { type: 'string', required: false },
  replaceReference: { type: 'boolean', required: false },
  tokens: { type: 'multiLine', required: false },
  secretTokens: { type: 'string', required: false },
  tokenPattern: { type: 'string', required: false },
  missingTokens: { type: 'pickList', required: false, options: ['fail', 'keep'] },
  outputFile: { type: 'filePath', required: false },
  dryRun: { type: 'boolean', required: false },
  timeoutInMinutes: { type: 'int', required: false },
} as const;

export const outputs = ['patchedFiles', 'patchedParameter', 'imageReference'] as const;
