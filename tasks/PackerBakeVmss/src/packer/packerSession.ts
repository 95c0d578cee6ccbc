/** What all commands of one bake share: the Packer, where it runs, its log file and its proxy. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import { UserError } from '../../../../shared/core/errors.js';
import type { Packer, PackerSession } from './packer.js';

/**
 * Opens the log file, which is kept with the run, and learns the proxy.
 * @param environment what Packer needs besides
 * @throws UserError when the working directory does not exist
 */
export function openSession(
  packer: Packer,
  workingDirectory: string,
  environment: Readonly<Record<string, string>>,
  agent: Agent,
): PackerSession {
  if (!existsSync(workingDirectory)) {
    throw new UserError(`Input 'workingDirectory': ${workingDirectory} does not exist.`);
  }
  const logFile = join(agent.resultsDirectory, 'packer.log');
  writeFileSync(logFile, '', { mode: 0o600 });
  agent.output('packerLog', logFile);
  agent.onCleanUp('keeping packer.log', () => {
    if (statSync(logFile).size > 0) agent.keepFile(logFile);
  });
  return { packer, workingDirectory, environment: { ...proxyEnvironment(agent), ...environment }, logFile };
}

/** Where the agent has a proxy of its own, Packer learns of it as Go programs do. */
function proxyEnvironment(agent: Agent): Record<string, string> {
  const proxy = agent.proxyFor('https://management.azure.com/');
  if (proxy === undefined) return {};
  const url = new URL(`${proxy.host}:${proxy.port}`);
  if (proxy.username !== undefined) url.username = encodeURIComponent(proxy.username);
  if (proxy.password !== undefined) {
    url.password = encodeURIComponent(proxy.password);
    agent.secret(proxy.password);
  }
  return { HTTPS_PROXY: url.href, HTTP_PROXY: url.href };
}
