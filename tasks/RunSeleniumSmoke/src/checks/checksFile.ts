/** Reads a file of checks: pages, and what must be so on them. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLMap } from 'yaml';
import { listOf, singleLine } from '../../../../shared/core/text.js';

/** Text that must be there: written as it is, or a pattern between slashes. */
export interface Wanted {
  /** As the file has it. */
  readonly written: string;
  readonly pattern: RegExp | undefined;
}

/** What must be so on a page, or after a click. */
export interface Expectations {
  /** The whole title. */
  readonly title: Wanted | undefined;
  /** Each somewhere in the visible text. */
  readonly text: readonly Wanted[];
  /** CSS selectors, each with a visible element. */
  readonly element: readonly string[];
  /** Path and query where the browser is; only after a click. */
  readonly path: string | undefined;
}

/** A click, and what must be so after it. */
export interface Click extends Expectations {
  /** CSS selector. */
  readonly click: string;
}

/** What a page is allowed that the checks forbid unless told. */
export const allowances = ['consoleErrors', 'failedRequests', 'brokenImages'] as const;
export type Allowance = (typeof allowances)[number];

/** One page and its checks. */
export interface PageChecks extends Expectations {
  readonly name: string;
  /** Below the site's URL. */
  readonly at: string;
  /** Undefined: any status below 400. */
  readonly status: number | undefined;
  readonly clicks: readonly Click[];
  readonly allow: readonly Allowance[];
}

/** All of a file. */
export interface Checks {
  readonly pages: readonly PageChecks[];
  /** How long a page may take to be as it should. */
  readonly timeoutSeconds: number;
}

const pageKeys = ['path', 'name', 'status', 'title', 'text', 'element', 'clicks', 'allow'];
const clickKeys = ['click', 'path', 'title', 'text', 'element'];
const defaultTimeout = 10;

/**
 * @param text the file, YAML
 * @param file its name, for messages
 * @param variable an environment variable, for `${NAME}` in texts
 * @returns the checks; undefined when there are problems
 */
export function parseChecks(
  text: string,
  file: string,
  variable: (name: string) => string | undefined,
): { checks: Checks | undefined; problems: string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems: string[] = [];
  const reader = new Reader(file, lines, problems, variable);
  for (const error of document.errors)
    problems.push(`${file}, line ${lines.linePos(error.pos[0]).line}: ${singleLine(error.message)}`);
  if (problems.length > 0) return { checks: undefined, problems };
  const root = reader.map(document.contents, 'The file', ['pages', 'timeoutSeconds']);
  const timeoutSeconds = reader.number(root, 'timeoutSeconds', 1, 600) ?? defaultTimeout;
  const pages = reader
    .list(root, 'pages', true)
    .map(node => readPage(node, reader))
    .filter(page => page !== undefined);
  const names = new Set<string>();
  for (const { name, node } of pages) {
    if (names.has(name))
      reader.problem(
        node,
        `there is a page '${singleLine(name)}' already; give this one a 'name' of its own.`,
      );
    names.add(name);
  }
  return problems.length > 0
    ? { checks: undefined, problems }
    : { checks: { pages: pages.map(({ page }) => page), timeoutSeconds }, problems };
}

function readPage(
  node: Node | undefined,
  reader: Reader,
): { page: PageChecks; name: string; node: Node | undefined } | undefined {
  const map = reader.map(node, 'A page', pageKeys);
  if (map === undefined) return undefined;
  const at = reader.text(map, 'path', true);
  if (at !== undefined && !/^[/?#]/.test(at))
    reader.problem(map.get('path', true), `'path' must begin with /, as in /${at.replace(/^\W*/, '')}.`);
  const allow = reader.texts(map, 'allow');
  for (const word of allow)
    if (!allowances.some(known => known === word))
      reader.problem(
        map.get('allow', true),
        `'allow' knows ${listOf(allowances)}, not '${singleLine(word)}'.`,
      );
  const name = reader.text(map, 'name', false) ?? at ?? '';
  const page: PageChecks = {
    name,
    at: at ?? '/',
    status: reader.number(map, 'status', 100, 599),
    ...reader.expectations(map),
    path: undefined,
    clicks: reader.list(map, 'clicks', false).flatMap(one => {
      const click = reader.map(one, 'A click', clickKeys);
      if (click === undefined) return [];
      return [
        {
          click: reader.text(click, 'click', true) ?? '',
          ...reader.expectations(click),
          path: reader.text(click, 'path', false),
        },
      ];
    }),
    allow: allowances.filter(known => allow.includes(known)),
  };
  return { page, name, node };
}

type Found = Node | null | undefined;

/** Takes values out of the document and writes down, with their lines, those that are not as they must be. */
class Reader {
  public constructor(
    private readonly file: string,
    private readonly lines: LineCounter,
    private readonly problems: string[],
    private readonly variable: (name: string) => string | undefined,
  ) {}

  public problem(node: unknown, sentence: string): void {
    const start = isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined;
    const line = start === undefined ? 1 : this.lines.linePos(start).line;
    this.problems.push(`${this.file}, line ${line}: ${sentence}`);
  }

  public map(node: Found, what: string, keys: readonly string[]): YAMLMap | undefined {
    if (!isMap(node)) {
      this.problem(node, `${what} must be a mapping with the keys ${listOf(keys)}.`);
      return undefined;
    }
    for (const { key } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (!keys.includes(name))
        this.problem(key, `'${singleLine(name, 40)}' is not known here; the keys are ${listOf(keys)}.`);
    }
    return node;
  }

  public list(map: YAMLMap | undefined, key: string, required: boolean): (Node | undefined)[] {
    const node = map?.get(key, true) as Found;
    if (map === undefined || (node === undefined && !required)) return [];
    if (!isSeq(node) || node.items.length === 0) {
      this.problem(node ?? map, `'${key}' must be a list with at least one entry.`);
      return [];
    }
    return node.items as Node[];
  }

  public number(map: YAMLMap | undefined, key: string, least: number, most: number): number | undefined {
    const node = map?.get(key, true) as Found;
    if (node === undefined) return undefined;
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    this.problem(node, `'${key}' must be a whole number from ${least} to ${most}.`);
    return undefined;
  }

  public text(map: YAMLMap, key: string, required: boolean): string | undefined {
    const node = map.get(key, true) as Found;
    if (node === undefined) {
      if (required) this.problem(map, `'${key}' is missing.`);
      return undefined;
    }
    return this.scalar(node, key);
  }

  /** One text or a list of them. */
  public texts(map: YAMLMap, key: string): string[] {
    const node = map.get(key, true) as Found;
    if (node === undefined) return [];
    const items = isSeq(node) ? (node.items as Node[]) : [node];
    if (items.length === 0) this.problem(node, `'${key}' is an empty list.`);
    return items.map(item => this.scalar(item, key)).filter(value => value !== undefined);
  }

  public expectations(map: YAMLMap): Omit<Expectations, 'path'> {
    const title = this.text(map, 'title', false);
    return {
      title: title === undefined ? undefined : this.wanted(title, map.get('title', true)),
      text: this.texts(map, 'text').map(written => this.wanted(written, map.get('text', true))),
      element: this.texts(map, 'element'),
    };
  }

  private scalar(node: Found, key: string): string | undefined {
    const value = isScalar(node) ? node.value : undefined;
    if ((typeof value === 'string' && value.trim() !== '') || typeof value === 'number')
      return this.filled(String(value), node);
    this.problem(node, `'${key}' must be a text that is not empty.`);
    return undefined;
  }

  /** `${NAME}` is filled in; it must be set, lest a check look for nothing. */
  private filled(text: string, node: Found): string {
    return text.replace(/\$\{(\w+)\}/g, (written, name: string) => {
      const value = this.variable(name);
      if (value !== undefined && value !== '') return value;
      this.problem(node, `the environment variable ${name} is not set; give it in 'env' of the step.`);
      return written;
    });
  }

  private wanted(written: string, node: unknown): Wanted {
    const source = /^\/(.+)\/$/s.exec(written)?.[1];
    if (source === undefined) return { written, pattern: undefined };
    try {
      return { written, pattern: new RegExp(source, 'u') };
    } catch (error) {
      this.problem(node, error instanceof Error ? `${error.message}.` : String(error));
      return { written, pattern: undefined };
    }
  }
}
