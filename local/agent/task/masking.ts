/** Hides secrets in whatever is shown, in every form in which the agent hides them. */

export type Masker = ReturnType<typeof createMasker>;

const mask = '***';

// The password of `https://user:password@host`, secret or not.
const passwordInUrl = /(?<=\/\/[^:@/?#\s]{1,256}:)[^@/?#\s]{1,1024}(?=@)/g;

/** Remembers secrets and hides them. */
export function createMasker() {
  const hidden = new Set<string>();
  const hide = (value: string) => {
    if (value.trim() !== '') hidden.add(value);
  };
  return {
    /** A secret known when the job starts: also hidden as base64. */
    addAtStart: (secret: string): void => {
      for (const form of startForms(secret)) encoded(form).forEach(hide);
    },
    /** A secret told by a running step. */
    add: (secret: string): void => {
      for (const form of [secret, escapeCommand(secret)]) encoded(form).forEach(hide);
    },
    mask: (text: string): string => replaceAll(text, hidden).replace(passwordInUrl, mask),
  };
}

/** The forms in which a secret known from the start is hidden, before they are encoded. */
export function startForms(secret: string): string[] {
  const trimmed = secret.replace(/^[\r\n ]+|[\r\n ]+$/g, '');
  const unquoted = /^(['"])(.*)\1$/s.exec(trimmed)?.[2];
  const raw = [secret, trimmed, ...(unquoted === undefined ? [] : [unquoted])];
  const escaped = raw.flatMap(form => [form, escapeLines(form), escapeCommand(form)]);
  return [...escaped, ...escaped.map(form => Buffer.from(form, 'utf8').toString('base64'))];
}

/** A form as it is, as JSON, as part of a URL, and with backslashes doubled. */
function encoded(form: string): string[] {
  return [form, JSON.stringify(form).slice(1, -1), encodeUri(form), form.replaceAll('\\', '\\\\')];
}

// As .NET escapes data in a URL, which is more than JavaScript does. A lone surrogate has no form there.
function encodeUri(form: string): string {
  if (/\p{Surrogate}/u.test(form)) return form;
  return encodeURIComponent(form).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function escapeLines(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeCommand(text: string): string {
  return escapeLines(text.replaceAll('%', '%AZP25'));
}

/** Replaces every occurrence; occurrences that overlap or touch become one mask, so that no rest of a longer secret stays. */
function replaceAll(text: string, values: ReadonlySet<string>): string {
  const spans: [number, number][] = [];
  for (const value of values)
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1))
      spans.push([at, at + value.length]);
  if (spans.length === 0) return text;
  spans.sort(([left], [right]) => left - right);
  let result = '';
  let position = 0;
  let open: [number, number] | undefined;
  const close = () => {
    if (open === undefined) return;
    result += text.slice(position, open[0]) + mask;
    position = open[1];
  };
  for (const [start, end] of spans) {
    if (open !== undefined && start <= open[1]) open[1] = Math.max(open[1], end);
    else {
      close();
      open = [start, end];
    }
  }
  close();
  return result + text.slice(position);
}
