/** Plain HTTP through the agent's proxy, for what no SDK covers. */
import {
  createDefaultHttpClient,
  createEmptyPipeline,
  proxyPolicy,
  type PipelineRequest,
  type PipelineResponse,
  type ProxySettings,
} from '@azure/core-rest-pipeline';
import type { Agent } from '../agent/agent.js';

/**
 * Sends requests through the proxy that holds for `url`: the agent's own setting, else HTTPS_PROXY or HTTP_PROXY by the
 * address's scheme, but for NO_PROXY and this machine itself. Any status is an answer.
 * @throws RestError when none came
 */
export function createHttp(
  agent: Agent,
  url: string,
): (request: PipelineRequest) => Promise<PipelineResponse> {
  const pipeline = createEmptyPipeline();
  const proxy = proxyOf(agent, url);
  if (proxy !== undefined) pipeline.addPolicy(proxyPolicy(proxy));
  const client = createDefaultHttpClient();
  return request => pipeline.sendRequest(client, request);
}

/** The SDK's own choice would send plain HTTP through HTTPS_PROXY too, which other clients never do. */
function proxyOf(agent: Agent, url: string): ProxySettings | undefined {
  const { protocol, hostname } = new URL(url);
  if (/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(hostname)) return undefined;
  const configured = agent.proxyFor(url);
  if (configured !== undefined) return configured;
  const names = protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const address = names
    .map(name => agent.environment(name))
    .find(value => value !== undefined && value !== '');
  if (address === undefined) return undefined;
  const proxy = new URL(address.includes('://') ? address : `http://${address}`);
  return {
    host: `${proxy.protocol}//${proxy.hostname}`,
    port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
    ...(proxy.username === '' ? {} : { username: decodeURIComponent(proxy.username) }),
    ...(proxy.password === '' ? {} : { password: decodeURIComponent(proxy.password) }),
  };
}
