/** A template in the older JSON: its variables filled in as Packer does, as far as that is done before the build. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { TemplateBlock, TemplateBody, TemplateModel, TemplateValue } from './templateModel.js';

type Json = Readonly<Record<string, unknown>>;

/** Objects in options that are blocks in HCL2. */
const blockNames = new Set([
  'shared_image_gallery',
  'shared_image_gallery_destination',
  'plan_info',
  'azure_tag',
  'target_region',
]);

/** Where the template is read. */
export interface JsonTemplatePlace {
  readonly workingDirectory: string;
  environment(name: string): string | undefined;
}

/**
 * Reads a template and its variable files; later files win.
 * @throws SyntaxError for what is no JSON object
 */
export function readJsonTemplate(
  path: string,
  variableFiles: readonly string[],
  place: JsonTemplatePlace,
): Omit<TemplateModel, 'files'> {
  const template = readObject(path);
  const sensitive = new Set(listOf(template['sensitive-variables']).filter(each => typeof each === 'string'));
  const given: Json = Object.fromEntries(variableFiles.flatMap(file => Object.entries(readObject(file))));
  const variables = new Map(
    Object.entries(isObject(template['variables']) ? template['variables'] : {}).map(([name, preset]) => {
      const value = given[name] ?? preset;
      const text =
        typeof value === 'string'
          ? value
          : value === null || value === undefined
            ? undefined
            : JSON.stringify(value);
      const filled = text?.replace(
        /\{\{\s*env\s+[`"]([^`"]+)[`"]\s*\}\}/g,
        (_all, env: string) => place.environment(env) ?? '',
      );
      return [name, { value: filled, sensitive: sensitive.has(name) }] as const;
    }),
  );
  const fill = (text: string) =>
    text
      .replace(/\{\{\s*user\s+[`"]([^`"]+)[`"]\s*\}\}/g, (all, name: string) => {
        const variable = variables.get(name);
        if (variable === undefined || variable.sensitive) return all;
        return typeof variable.value === 'string' ? variable.value : all;
      })
      .replace(/\{\{\s*template_dir\s*\}\}/g, () => resolve(dirname(path)))
      .replace(/\{\{\s*pwd\s*\}\}/g, () => place.workingDirectory);
  const block = (each: Json, name: string): TemplateBlock => ({
    type: String(each['type']),
    name,
    ...bodyOf(each, fill),
  });
  const objects = (name: string) => listOf(template[name]).flat().filter(isObject);
  return {
    sources: objects('builders').map(each => block(each, String(each['name'] ?? each['type']))),
    provisioners: objects('provisioners').map(each => block(each, '')),
    postProcessors: objects('post-processors').map(each => block(each, '')),
    variables: new Map(
      [...variables].map(([name, { value, sensitive: hidden }]) => [
        name,
        { value: hidden || value === undefined ? undefined : fill(value), sensitive: hidden },
      ]),
    ),
  };
}

function bodyOf(object: Json, fill: (text: string) => string): TemplateBody {
  const options = new Map<string, TemplateValue>();
  const blocks = new Map<string, TemplateBody[]>();
  for (const [name, value] of Object.entries(object)) {
    const inner = listOf(value).filter(isObject);
    if (blockNames.has(name) && inner.length > 0)
      blocks.set(
        name,
        inner.map(each => bodyOf(each, fill)),
      );
    else if (name !== 'type') options.set(name, valueOf(value, fill));
  }
  return { options, blocks };
}

/** What still has braces is filled in while building: `{{.Vars}}`, `{{build `ID`}}`. */
function valueOf(value: unknown, fill: (text: string) => string): TemplateValue {
  const expression = JSON.stringify(value);
  const deep = (each: unknown): unknown => {
    if (typeof each === 'string') return fill(each);
    if (Array.isArray(each)) return each.map(deep);
    if (!isObject(each)) return each;
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [name, deep(inner)]));
  };
  const filled = deep(value);
  const known = !/\{\{(?!\s*\.)/.test(JSON.stringify(filled));
  return { expression, known, value: known ? filled : undefined };
}

function readObject(path: string): Json {
  const document: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isObject(document)) throw new SyntaxError(`${path} is no JSON object`);
  return document;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
