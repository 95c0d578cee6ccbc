/** The plugins that a template needs, installed before it is validated. */
import type { Agent } from '../../../../shared/agent/agent.js';
import { hasInit, runPacker, type PackerSession } from './packer.js';
import { commandFailure } from '../log/packerFailure.js';
import type { PackerTemplate } from '../template/packerTemplate.js';

/** What tells Packer where its plugins are, and may tell GitHub who asks for them. */
export function pluginEnvironment(pluginsPath: string | undefined, agent: Agent): Record<string, string> {
  const token = agent.environment('PACKER_GITHUB_API_TOKEN');
  if (token !== undefined) agent.secret(token);
  return pluginsPath === undefined ? {} : { PACKER_PLUGIN_PATH: pluginsPath };
}

/**
 * Runs `packer init` where the template asks for plugins and Packer can install them.
 * @throws ToolError when Packer could not
 */
export async function installPlugins(
  template: PackerTemplate,
  session: PackerSession,
  agent: Agent,
): Promise<void> {
  if (!template.requiresPlugins || !hasInit(session.packer.version)) return;
  const { exitCode, run } = await agent.group('packer init', () =>
    runPacker(session, ['init', template.path], agent),
  );
  if (exitCode !== 0) throw commandFailure('init', run, exitCode);
}
