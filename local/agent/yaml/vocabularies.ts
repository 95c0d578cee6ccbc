/** What expressions can speak of at each place of a pipeline. */

import type { Vocabulary } from '../expressions/parse.js';

const status = ['always', 'canceled', 'failed', 'succeeded', 'succeededOrFailed'];

/** Conditions of steps, worked out by the agent. */
export const stepVocabulary: Vocabulary = { names: ['variables'], functions: status };

/** Conditions of stages and jobs, worked out by the service. */
export const stageVocabulary: Vocabulary = { names: ['variables', 'dependencies'], functions: status };
export const jobVocabulary: Vocabulary = {
  names: ['variables', 'dependencies', 'stageDependencies'],
  functions: status,
};

/** `$[ ]` as the value of a variable. */
export const variableVocabulary: Vocabulary = {
  names: ['variables', 'dependencies', 'stageDependencies'],
  functions: ['counter'],
};
