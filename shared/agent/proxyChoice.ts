/** Which proxy a request goes through: one answer for everything that speaks HTTP. */
import type { Agent, Proxy } from './agent.js';

/**
 * The proxy for this URL: the agent's own setting, else HTTPS_PROXY or HTTP_PROXY by the address's own scheme; none for this machine
 * itself and for what NO_PROXY names.
 */
export function chooseProxy(agent: Agent, url: string): Proxy | undefined {
  const { protocol, hostname } = new URL(url);
  if (/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(hostname)) return undefined;
  const configured = agent.proxyFor(url);
  if (configured !== undefined) return configured;
  const first = (...names: string[]) =>
    names.map(name => agent.environment(name)).find(value => value !== undefined && value !== '');
  if (isExcepted(hostname, first('NO_PROXY', 'no_proxy') ?? '')) return undefined;
  const address =
    protocol === 'https:' ? first('HTTPS_PROXY', 'https_proxy') : first('HTTP_PROXY', 'http_proxy');
  if (address === undefined) return undefined;
  const proxy = new URL(address.includes('://') ? address : `http://${address}`);
  return {
    host: `${proxy.protocol}//${proxy.hostname}`,
    port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
    ...(proxy.username === '' ? {} : { username: decodeURIComponent(proxy.username) }),
    ...(proxy.password === '' ? {} : { password: decodeURIComponent(proxy.password) }),
  };
}

/** NO_PROXY names hosts and domains with commas between; a domain stands for all hosts in it, `*` for every one. */
function isExcepted(hostname: string, exceptions: string): boolean {
  return exceptions
    .split(',')
    .map(entry =>
      entry
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ''),
    )
    .some(entry => entry !== '' && (entry === '*' || hostname === entry || hostname.endsWith(`.${entry}`)));
}
