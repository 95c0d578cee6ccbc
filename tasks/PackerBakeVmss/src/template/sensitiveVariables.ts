/** Values that a template calls sensitive: Packer hides them in its own output, and so must everything else that the task writes. */
import { readFileSync } from 'node:fs';
import type { Agent } from '../../../../shared/agent/agent.js';
import type { BakeVariables } from './bakeVariables.js';
import { readHcl } from './hclBody.js';
import { readHclJson } from './hclJson.js';
import type { PackerTemplate } from './packerTemplate.js';
import { templateFiles } from './templateReader.js';

/** Masks the values of the template's sensitive variables, wherever the pipeline, a variable file, the environment or a default gives them. */
export function hideSensitiveValues(template: PackerTemplate, variables: BakeVariables, agent: Agent): void {
  const files = templateFiles(template.path);
  const sensitive = files.flatMap(file => orNothing(() => readSensitive(file, template.format)));
  const given = [...files.filter(file => /\.pkrvars\./i.test(file)), ...variables.files].map(file =>
    orNothing(() => readValues(file)),
  );
  for (const { name, fallback } of sensitive) {
    const values = [
      variables.values.get(name),
      agent.environment(`PKR_VAR_${name}`),
      ...given.map(pairs => new Map(pairs).get(name)),
      fallback,
    ];
    for (const value of values) if (value !== undefined) agent.secret(value);
  }
}

interface SensitiveVariable {
  readonly name: string;
  readonly fallback: string | undefined;
}

function readSensitive(file: string, format: PackerTemplate['format']): SensitiveVariable[] {
  const text = readFileSync(file, 'utf8');
  if (format === 'json') {
    const template = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const names = template['sensitive-variables'];
    const defaults = new Map(Object.entries((template['variables'] ?? {}) as Record<string, unknown>));
    if (!Array.isArray(names)) return [];
    return names.map(name => ({ name: String(name), fallback: textOf(defaults.get(String(name))) }));
  }
  const body = /\.json$/i.test(file) ? readHclJson(text) : readHcl(text);
  return body.blocks
    .filter(block => block.type === 'variable' && block.body.attributes.get('sensitive') === 'true')
    .map(({ labels, body: { attributes } }) => ({
      name: labels[0] ?? '',
      fallback: literalOf(attributes.get('default')),
    }));
}

function readValues(file: string): [string, string | undefined][] {
  const text = readFileSync(file, 'utf8');
  if (/\.json$/i.test(file)) {
    return Object.entries(JSON.parse(text) as object).map(([name, value]) => [name, textOf(value)]);
  }
  return [...readHcl(text).attributes].map(([name, expression]) => [name, literalOf(expression)]);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A text written as a plain literal; HCL's escapes are those of JSON here. */
function literalOf(expression: string | undefined): string | undefined {
  if (expression === undefined || !/^"([^"\\$%]|\\.|[$%](?!\{))*"$/.test(expression)) return undefined;
  return orNothing(() => [JSON.parse(expression) as string])[0];
}

/** What cannot be read here, Packer itself refuses a moment later and says why. */
function orNothing<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return [];
  }
}
