/** The REST interface of Azure DevOps, as this job's own token may use it. */
import type { Agent } from '../../../../shared/agent/agent.js';
import { DownloadError, fetchBytes, fetchFile } from '../../../../shared/agent/download.js';
import { UserError } from '../../../../shared/core/errors.js';

/** The part of the service that belongs to this pipeline's project. */
export interface Service {
  /**
   * @param path below the project, such as `_apis/build/builds`
   * @throws DownloadError, UserError
   */
  read(path: string, query: Readonly<Record<string, string>>): Promise<unknown>;
  /** Downloads to a file that does not exist. @throws DownloadError */
  download(url: string, path: string): Promise<void>;
}

/** Azure DevOps Server 2020 and later know it. */
const apiVersion = '6.0';
const largestAnswer = 16 * 1024 * 1024;
const largestFile = 300 * 1024 * 1024;

/** Where Azure DevOps Services keep artifacts, besides dev.azure.com itself. */
const servicesDomains = /(^|\.)(visualstudio\.com|dev\.azure\.com)$/;

/**
 * Connects with the job's own token.
 * @throws UserError when the agent gives no connection
 */
export function connectService(agent: Agent): Service {
  const { url, jobToken } = agent.endpoint('SystemVssConnection');
  const collection = agent.variable('System.CollectionUri') ?? url;
  const project = agent.variable('System.TeamProjectId');
  if (
    collection === undefined ||
    !URL.canParse(collection) ||
    jobToken === undefined ||
    project === undefined
  )
    throw new UserError('this agent gives no connection to Azure DevOps');
  agent.secret(jobToken);
  const { origin, href } = new URL(collection);
  // An answer may name any address to download from; the token goes to the service only.
  const headersFor = (to: URL) =>
    to.origin === origin || (to.protocol === 'https:' && servicesDomains.test(to.hostname))
      ? { authorization: `Bearer ${jobToken}` }
      : {};
  return {
    async read(path, query) {
      const address = new URL(
        `${href.replace(/\/+$/, '')}/${encodeURIComponent(project)}/${path}?${new URLSearchParams({ ...query, 'api-version': apiVersion }).toString()}`,
      );
      const answer = await fetchBytes(agent, address.href, largestAnswer, headersFor);
      try {
        return JSON.parse(answer.toString('utf8')) as unknown;
      } catch {
        // Whom it does not know it leads to a page to sign in.
        throw new DownloadError(address.href, 'it answers with a page in place of data', 401, false);
      }
    },
    download: (from, path) => fetchFile(agent, from, path, largestFile, headersFor),
  };
}
