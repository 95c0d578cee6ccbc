/** The short-lived token that a federated connection signs in with, asked from the agent's own service. */
import { createHttpHeaders, createPipelineRequest, isRestError } from '@azure/core-rest-pipeline';
import type { Agent } from '../agent/agent.js';
import { UserError } from '../core/errors.js';
import { singleLine } from '../core/text.js';
import type { WorkloadIdentityConnection } from './connection.js';
import { createHttp } from './http.js';

/**
 * Asks for a fresh OIDC token; it is good for some ten minutes. The token is masked from here on.
 * @throws UserError when the service gives none
 */
export async function requestOidcToken(
  agent: Agent,
  connection: WorkloadIdentityConnection,
): Promise<string> {
  const url = new URL(connection.oidcRequestUri);
  url.searchParams.set('api-version', '7.1');
  url.searchParams.set('serviceConnectionId', connection.connectionId);
  const request = createPipelineRequest({
    url: url.href,
    method: 'POST',
    abortSignal: agent.signal,
    headers: createHttpHeaders({
      Authorization: `Bearer ${connection.jobToken}`,
      'Content-Type': 'application/json',
      // Without it the service answers a refusal with a redirect to its sign-in page.
      'X-TFS-FedAuthRedirect': 'Suppress',
    }),
  });
  let answer: { status: number; bodyAsText?: string | null };
  try {
    answer = await createHttp(agent, url.href)(request);
  } catch (error) {
    if (!isRestError(error)) throw error;
    throw new UserError(
      `Azure DevOps could not be reached for the federated sign-in of '${connection.id}' (${url.host}): ${singleLine(error.message)}`,
      { cause: error },
    );
  }
  const token = answer.status === 200 ? tokenOf(answer.bodyAsText ?? '') : undefined;
  if (token === undefined) {
    throw new UserError(
      `Azure DevOps gave no OIDC token for service connection '${connection.id}' (HTTP ${answer.status}: ${singleLine(answer.bodyAsText ?? '')}). ` +
        'The connection must be of workload identity federation, and a task of the same stage must name it in an input.',
    );
  }
  agent.secret(token);
  return token;
}

function tokenOf(body: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    const token =
      typeof answer === 'object' && answer !== null && 'oidcToken' in answer ? answer.oidcToken : undefined;
    return typeof token === 'string' && token !== '' ? token : undefined;
  } catch {
    return undefined;
  }
}
