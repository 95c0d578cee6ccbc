/** The inputs, checked together and made into what the use case works with. */
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import { readChange, type Change } from './changeSettings.js';
import type { inputs } from './inputs.generated.js';
import { readRollout, type RolloutSettings } from './rolloutSettings.js';

export type { Change, RollableImage } from './changeSettings.js';
export type { RolloutSettings } from './rolloutSettings.js';

/** The inputs as the agent gives them. */
export type DeployInputs = Inputs<typeof inputs>;

/** All that the step was asked for. */
export interface Settings {
  readonly resourceGroup: string;
  readonly change: Change;
  readonly rollout: RolloutSettings;
  readonly dryRun: boolean;
}

/**
 * Reads the settings.
 * @throws ProblemsError naming everything that does not fit together
 */
export function readSettings(input: DeployInputs): Settings {
  const problems: string[] = [];
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
      return otherwise;
    }
  };
  const rollout = readRollout(input, problems, attempt);
  if (!/^[-\w._()]{1,90}$/.test(input.resourceGroupName) || input.resourceGroupName.endsWith('.'))
    problems.push(
      `'resourceGroupName' is no name of a resource group: '${input.resourceGroupName}' (letters, digits, . _ - and parentheses, at most 90).`,
    );
  const change = readChange(input, problems, attempt);
  if (problems.length > 0) throw new ProblemsError('The inputs of this task do not fit together', problems);
  return {
    resourceGroup: input.resourceGroupName,
    change,
    // There is nothing behind the image from before: a rollback that fails stops where it is.
    rollout: change.action === 'rollback' ? { ...rollout, onFailure: 'stop' } : rollout,
    dryRun: input.dryRun,
  };
}
