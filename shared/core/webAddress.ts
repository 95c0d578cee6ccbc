/** Addresses of web sites, as inputs give them. */

/** The URL that an input gives; undefined, and one problem more, when it gives none of http or https. Credentials in it are not repeated. */
export function webAddress(text: string, input: string, problems: string[]): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  problems.push(
    `'${input}' must be a URL that begins with http:// or https://, not '${text.replace(/(\/\/|^)[^/@]*@/, '$1***@')}'.`,
  );
  return undefined;
}
