/** Every shape in which Azure says no, turned into one tree of errors. */
import { AzureError, CancelledError, UserError, type AzureErrorDetail } from '../core/errors.js';
import { singleLine } from '../core/text.js';

/** An answer that refuses: a status of 400 or more, or the status document of an operation that failed. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /**
   * @param status HTTP status of the answer; an operation's status document comes with 200
   * @param body the answer's whole body as it came
   * @param requestId `x-ms-request-id`, else `x-ms-correlation-request-id`
   */
  constructor(
    readonly status: number,
    readonly body: string,
    readonly requestId: string | undefined,
  ) {
    super(`HTTP ${status}: ${singleLine(body, 500)}`);
  }
}

/** Deeper than any deployment nests; ends the descent into a hostile body. */
const deepest = 24;
const longestMessage = 2000;

/**
 * The error tree inside an answer of Azure's: `{error:{…}}`, bare errors, capital `Code`/`Message`/`Details`,
 * answers of providers escaped into a message once per nesting level, HTML pages of a proxy or a web server.
 * @param body a body's text, or what is parsed of it
 * @param fallback the code where the body has none, as `HTTP 502`
 */
export function errorDetail(body: unknown, fallback: string): AzureErrorDetail {
  return detailOf(body, fallback, 0);
}

/** Codes under which Azure only says that something inside has failed. */
const wrapper =
  /^(DeploymentFailed|ResourceDeploymentFailure|InvalidTemplateDeployment|MultipleErrorsOccurred|PreflightValidationCheckFailed|DeploymentOperationFailed|ResourceOperationFailure|Conflict|BadRequest|Detail|Failed|)$/i;

/**
 * The errors that matter of a nested one: wrappers give way to what is inside them, and hand their target down to it. Each reason
 * once. Pure.
 */
export function essence(detail: AzureErrorDetail): AzureErrorDetail[] {
  const found = leaves(detail, undefined);
  const seen = new Set<string>();
  return found.filter(({ code, message }) => {
    const key = `${code} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function leaves(detail: AzureErrorDetail, outer: string | undefined): AzureErrorDetail[] {
  const target = detail.target ?? outer;
  if (wrapper.test(detail.code) && detail.details.length > 0)
    return detail.details.flatMap(inner => leaves(inner, target));
  return [target === undefined ? detail : { ...detail, target }];
}

/**
 * The error to throw for anything that went wrong between us and Azure.
 * @param doing what was being done, as in "deploying 'web'"
 */
export function azureFailure(doing: string, error: unknown): unknown {
  if (error instanceof Refusal) {
    return new AzureError(
      doing,
      errorDetail(error.body, `HTTP ${error.status}`),
      error.status === 200 ? undefined : error.status,
      error.requestId,
      { cause: error },
    );
  }
  if (error instanceof AzureError || error instanceof UserError || error instanceof CancelledError)
    return error;
  if (!(error instanceof Error)) return error;
  if (/^(Aggregate)?Authentication(Required)?Error$|^CredentialUnavailableError$/.test(error.name))
    return signInFailure(doing, error);
  const code = 'code' in error ? String(error.code) : '';
  const network =
    /^(E[A-Z_]+|CERT_[A-Z_]+|[A-Z_]*CERT[A-Z_]*|UNABLE_TO_[A-Z_]+|REQUEST_SEND_ERROR)$/.test(code) &&
    code !== 'ERR_INVALID_ARG_TYPE';
  if (network) return networkFailure(doing, error);
  return error;
}

/** Whether Azure refused only because something else is changing the same resource; other conflicts, such as PropertyChangeNotAllowed, do not pass. */
export function isBusy(error: unknown): error is AzureError {
  return (
    error instanceof AzureError &&
    error.status === 409 &&
    /^(Conflict|OperationNotAllowed|OperationPreempted|AnotherOperationInProgress|RetryableError)$/i.test(
      error.detail.code,
    )
  );
}

/** What to do about the refusals of Microsoft's sign-in that a pipeline author meets. */
const signInAdvice: readonly (readonly [RegExp, string])[] = [
  [/AADSTS7000222/, 'The client secret has expired: make a new one and put it into the service connection.'],
  [
    /AADSTS7000215/,
    "The client secret is wrong: put the secret's value (not its id) into the service connection.",
  ],
  [
    /AADSTS700016/,
    'The application is unknown in this tenant: check client id and tenant id of the connection.',
  ],
  [/AADSTS90002|AADSTS900023/, 'The tenant does not exist: check the tenant id of the service connection.'],
  [
    /AADSTS70021|AADSTS700213|AADSTS700211/,
    'No federated credential matches: its issuer and subject must be those that the service connection shows.',
  ],
  [/AADSTS700027/, 'The certificate is not registered with the application, or it has expired.'],
];

function signInFailure(doing: string, error: Error): UserError {
  const advice =
    signInAdvice.find(([pattern]) => pattern.test(error.message))?.[1] ??
    'Verify the service connection in the project settings; it must be able to sign in there too.';
  return new UserError(
    `Azure did not accept the service connection's sign-in (${doing}): ${singleLine(error.message, 800)}\n${advice}`,
    { cause: error },
  );
}

function networkFailure(doing: string, error: Error): UserError {
  return new UserError(
    `Azure could not be reached (${doing}): ${singleLine(error.message, 500)}\n` +
      'Check that this agent may reach the host, its proxy (agent setting or HTTPS_PROXY) and, where a proxy opens TLS, its certificate authority (NODE_EXTRA_CA_CERTS).',
    { cause: error },
  );
}

function detailOf(value: unknown, fallback: string, depth: number): AzureErrorDetail {
  if (depth > deepest) return { code: fallback, message: 'the error is nested too deeply', details: [] };
  if (typeof value === 'string') return detailOfText(value, fallback, depth);
  if (!isRecord(value)) return { code: fallback, message: 'Azure gave no reason', details: [] };

  const inner = member(value, 'error') ?? member(value, 'odata.error');
  if (inner !== undefined && inner !== null) return detailOf(inner, fallback, depth + 1);

  const code = textOf(member(value, 'code')) ?? fallback;
  const rawMessage = textOf(member(value, 'message')) ?? '';
  const escaped = parsed(rawMessage);
  const details = listOfDetails(member(value, 'details'), depth);
  if (escaped !== undefined) {
    // The outer code only repeats the status of the provider's answer; what matters is inside.
    const unescaped = detailOf(escaped, code, depth + 1);
    return { ...unescaped, details: distinct([...unescaped.details, ...details], unescaped) };
  }
  const target = textOf(member(value, 'target'));
  const own: AzureErrorDetail = {
    code,
    message: messageOf(rawMessage, member(value, 'additionalInfo')),
    ...(target === undefined ? {} : { target: singleLine(target) }),
    details: [],
  };
  const innerError = member(value, 'innererror');
  const innermost = isRecord(innerError) ? listOfDetails([innerError], depth) : [];
  return { ...own, details: distinct([...details, ...innermost], own) };
}

function detailOfText(text: string, fallback: string, depth: number): AzureErrorDetail {
  const json = parsed(text);
  if (json !== undefined) return detailOf(json, fallback, depth + 1);
  const trimmed = text.trim();
  if (/^<(!doctype|html|\?xml)/i.test(trimmed)) {
    const title = /<title[^>]*>([\s\S]*?)<\/title>/i.exec(trimmed)?.[1];
    const words = singleLine((title ?? trimmed).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' '));
    return {
      code: fallback,
      message: `a web page answered in Azure's place: ${words} (a proxy, a gateway or a wrong address)`,
      details: [],
    };
  }
  return { code: fallback, message: messageOf(trimmed, undefined), details: [] };
}

function listOfDetails(value: unknown, depth: number): AzureErrorDetail[] {
  if (typeof value === 'string' && value.trim() === '') return [];
  if (value === undefined || value === null) return [];
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  return entries
    .filter(entry => isRecord(entry) || typeof entry === 'string')
    .map(entry => detailOf(entry, 'Detail', depth + 1))
    .filter(detail => detail.message !== '' || detail.details.length > 0);
}

/** Azure repeats itself on the way up; what says the same as its parent or its neighbour is left out. */
function distinct(details: readonly AzureErrorDetail[], parent: AzureErrorDetail): AzureErrorDetail[] {
  const seen = new Set([`${parent.code} ${parent.message}`]);
  return details.filter(detail => {
    const key = `${detail.code} ${detail.message}`;
    if (seen.has(key) && detail.details.length === 0) return false;
    seen.add(key);
    return true;
  });
}

function messageOf(text: string, additionalInfo: unknown): string {
  const message = singleLine(text.replace(/\s+/g, ' '), longestMessage);
  const extra = (Array.isArray(additionalInfo) ? (additionalInfo as unknown[]) : []).flatMap(entry => {
    const info = isRecord(entry) ? entry['info'] : undefined;
    if (!isRecord(info)) return [];
    const facts = Object.entries(info)
      .filter(([, fact]) => typeof fact === 'string' || (typeof fact === 'number' && fact !== 0))
      .map(([name, fact]) => `${name} ${String(fact)}`);
    return facts.length === 0 ? [] : [singleLine(facts.join(', '), 500)];
  });
  const known = extra.length === 0 ? message : `${message} [${extra.join('; ')}]`;
  return known === '' ? 'Azure gave no reason' : known;
}

/** The JSON object or list that a text holds, undefined when it holds none. */
function parsed(text: string): unknown {
  const trimmed = text.replace(/^\ufeff/, '').trim();
  if (!/^[[{"]/.test(trimmed)) return undefined;
  try {
    const value: unknown = JSON.parse(trimmed);
    if (typeof value === 'string') return parsed(value);
    return Array.isArray(value) ? { code: '', details: value as unknown[] } : value;
  } catch {
    return undefined;
  }
}

function member(value: Record<string, unknown>, name: string): unknown {
  if (name in value) return value[name];
  const found = Object.keys(value).find(key => key.toLowerCase() === name);
  return found === undefined ? undefined : value[found];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number') return String(value);
  // OData writes {"lang":…,"value":…}.
  return isRecord(value) ? textOf(value['value']) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
