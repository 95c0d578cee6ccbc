/** What the task adds to the capabilities that tests ask for in a new session, in both dialects of WebDriver. */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One value over another: objects are merged, lists are joined, anything else is replaced. */
export function mergeValues(base: unknown, over: unknown): unknown {
  if (isJson(base) && isJson(over)) {
    const merged: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(over))
      merged[key] = key in base ? mergeValues(base[key], value) : value;
    return merged;
  }
  if (Array.isArray(base) && Array.isArray(over))
    return [...(base as unknown[]), ...(over as unknown[]).filter(one => !base.includes(one))];
  return over;
}

/**
 * The body of a "new session" command with capabilities added: to `capabilities` (W3C WebDriver, section 7.1: a name must not stand in
 * `alwaysMatch` and in `firstMatch`) and to `desiredCapabilities` (the dialect before it), whichever it has.
 * @param suggested added too, but only where the tests say nothing under that name
 */
export function addCapabilities(body: Json, added: Json, suggested: Json = {}): Json {
  const { capabilities, desiredCapabilities } = body;
  const result: Record<string, unknown> = { ...body };
  if (isJson(capabilities)) result['capabilities'] = addToStandard(capabilities, added, suggested);
  if (isJson(desiredCapabilities))
    result['desiredCapabilities'] = { ...suggested, ...(mergeValues(desiredCapabilities, added) as Json) };
  return result;
}

function addToStandard(capabilities: Json, added: Json, suggested: Json): Json {
  const always = isJson(capabilities['alwaysMatch']) ? capabilities['alwaysMatch'] : {};
  const first = Array.isArray(capabilities['firstMatch']) ? (capabilities['firstMatch'] as unknown[]) : [];
  const inFirst = (name: string) => first.some(one => isJson(one) && name in one);
  const pick = (from: Json, choose: (name: string) => boolean): Json =>
    Object.fromEntries(Object.entries(from).filter(([name]) => choose(name)));
  const newly = pick(suggested, name => !(name in always) && !inFirst(name));
  const toFirst = pick(added, inFirst);
  return {
    ...capabilities,
    alwaysMatch: mergeValues(
      { ...newly, ...always },
      pick(added, name => !inFirst(name)),
    ),
    ...(first.length === 0
      ? {}
      : { firstMatch: first.map(one => (isJson(one) ? mergeValues(one, toFirst) : one)) }),
  };
}
