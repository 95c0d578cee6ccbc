/** Expressions of a template, worked out by Packer itself: `packer console` knows its variables, locals and functions. */
import type { Agent } from '../../../../shared/agent/agent.js';
import { packerEnvironment, type PackerSession } from './packer.js';

/** Packer's console reads lines of at most 64 KiB. */
const longestLine = 60_000;

/** What is there while building only; the console says an error or nothing at all. */
const later = /\b(build|source|data)\./;

/**
 * The values of expressions, undefined for what is known while building only. Packer blots out sensitive variables in them.
 * @param expressions one line each
 * @param args what names the template, its variables and variable files
 */
export async function evaluate(
  expressions: readonly string[],
  session: PackerSession,
  args: readonly string[],
  agent: Agent,
): Promise<ReadonlyMap<string, unknown>> {
  const values = new Map<string, unknown>();
  const distinct = [...new Set(expressions)].filter(each => {
    const literal = literalOf(each);
    if (literal !== undefined) values.set(each, literal);
    return literal === undefined && !later.test(withoutPlainTexts(each)) && each.length < longestLine;
  });
  for (const batch of batches(distinct)) await work(batch);
  return values;

  /** One question for all; where one of them cannot be told the answer is no list, and each half is asked again. */
  async function work(batch: readonly string[]): Promise<void> {
    if (batch.length === 0) return;
    const answer = await ask(`jsonencode([${batch.join(', ')}])`);
    if (answer?.length === batch.length) {
      for (const [index, expression] of batch.entries()) values.set(expression, answer[index]);
    } else if (batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      await work(batch.slice(0, half));
      await work(batch.slice(half));
    }
  }

  async function ask(line: string): Promise<readonly unknown[] | undefined> {
    let said = '';
    await agent.run({
      name: 'Packer',
      path: session.packer.path,
      args: ['console', ...args],
      cwd: session.workingDirectory,
      env: { ...packerEnvironment, ...session.environment },
      input: `${line}\n`,
      echo: false,
      onLine: (text, stream) => {
        if (stream === 'stdout') said += `${text}\n`;
      },
    });
    try {
      const answer: unknown = JSON.parse(said);
      return Array.isArray(answer) ? answer : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What is written out needs nobody's help: HCL writes it as JSON does. */
function literalOf(expression: string): unknown {
  if (/[$%]\{/.test(expression)) return undefined;
  try {
    return JSON.parse(expression) as unknown;
  } catch {
    return undefined;
  }
}

function withoutPlainTexts(expression: string): string {
  return expression.replace(/"(?:[^"\\$%]|\\.)*"/g, '""');
}

function batches(expressions: readonly string[]): string[][] {
  const all: string[][] = [];
  let length = longestLine;
  for (const expression of expressions) {
    length += expression.length + 2;
    if (length > longestLine) {
      all.push([]);
      length = expression.length;
    }
    all.at(-1)?.push(expression);
  }
  return all;
}
