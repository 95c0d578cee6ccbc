/** Reads what a template says: its structure here, its values by Packer's own console. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import { UserError } from '../../../../shared/core/errors.js';
import { readHcl, type HclBlock, type HclBody } from './hclBody.js';
import { readHclJson } from './hclJson.js';
import { readJsonTemplate } from './jsonTemplate.js';
import type { PackerSession } from '../packer/packer.js';
import { evaluate } from '../packer/packerConsole.js';
import type { PackerTemplate } from './packerTemplate.js';
import type { TemplateBlock, TemplateBody, TemplateModel, TemplateValue } from './templateModel.js';

/** Which builds are meant, as Packer's `-only` and `-except`: names with commas between, `*` stands for anything. */
export interface BuildSelection {
  readonly only: string | undefined;
  readonly except: string | undefined;
}

/**
 * Reads a template that Packer has found valid.
 * @param variableArguments the `-var-file=…` arguments of the bake
 * @throws UserError when its structure cannot be followed
 */
export async function readTemplateModel(
  template: PackerTemplate,
  selection: BuildSelection,
  variableArguments: readonly string[],
  session: PackerSession,
  agent: Agent,
): Promise<TemplateModel> {
  const files = templateFiles(template.path);
  try {
    if (template.format === 'json') {
      const variableFiles = variableArguments.map(argument => argument.replace(/^-var-file=/, ''));
      const place = {
        workingDirectory: session.workingDirectory,
        environment: (name: string) => agent.environment(name),
      };
      const model = readJsonTemplate(template.path, variableFiles, place);
      return { ...model, files, sources: model.sources.filter(({ name }) => isMeant([name], selection)) };
    }
    const bodies = files.filter(file => /\.pkr\.(hcl|json)$/i.test(file)).map(readHclFile);
    const top = bodies.flatMap(({ blocks }) => blocks);
    const expressions = expressionsIn(top);
    const values = await evaluate(expressions, session, [...variableArguments, template.path], agent);
    return { files, ...assemble(top, selection, values) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(`This task cannot follow the template ${template.path}: ${error.message}.`, {
      cause: error,
    });
  }
}

/** The files of a template; of a folder also the variable files that Packer reads by itself. */
export function templateFiles(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .filter(name => /(\.pkr|\.auto\.pkrvars)\.(hcl|json)$/i.test(name))
    .sort()
    .map(name => join(path, name));
}

function readHclFile(path: string): HclBody {
  const text = readFileSync(path, 'utf8');
  return /\.json$/i.test(path) ? readHclJson(text) : readHcl(text);
}

/** What has to be worked out: all of the builds' parts, and the variables. */
function expressionsIn(top: readonly HclBlock[]): string[] {
  const all = (body: HclBody): string[] => [
    ...body.attributes.values(),
    ...body.blocks.flatMap(block => all(block.body)),
  ];
  return [
    ...top.filter(({ type }) => type === 'source' || type === 'build').flatMap(({ body }) => all(body)),
    ...variablesIn(top).map(({ name }) => `var.${name}`),
  ];
}

function variablesIn(top: readonly HclBlock[]): { name: string; sensitive: boolean }[] {
  return top.flatMap(({ type, labels, body }) => {
    if (type === 'variables') return [...body.attributes.keys()].map(name => ({ name, sensitive: false }));
    const sensitive = body.attributes.get('sensitive') === 'true';
    return type === 'variable' ? labels.map(name => ({ name, sensitive })) : [];
  });
}

function assemble(
  top: readonly HclBlock[],
  selection: BuildSelection,
  values: ReadonlyMap<string, unknown>,
): Omit<TemplateModel, 'files'> {
  const declared = new Map(
    top.flatMap(({ type, labels, body }) => (type === 'source' ? [[labels.join('.'), body] as const] : [])),
  );
  const builds = top.filter(({ type }) => type === 'build').map(({ body }) => body);
  const variables = variablesIn(top).map(({ name, sensitive }) => {
    const value = sensitive ? undefined : values.get(`var.${name}`);
    return [name, { value, sensitive }] as const;
  });
  const parts = (type: string) =>
    builds
      .flatMap(build =>
        build.blocks.flatMap(block => (block.type === `${type}s` ? block.body.blocks : [block])),
      )
      .filter(block => block.type === type)
      .map(({ labels, body }) => blockOf(labels[0] ?? '', '', [body], values));
  return {
    sources: builds.flatMap(build => sourcesOf(build, declared, selection, values)),
    provisioners: parts('provisioner'),
    postProcessors: parts('post-processor'),
    variables: new Map(variables),
  };
}

/** The sources that a build uses: by name, or in blocks that may add to what the source itself says. */
function sourcesOf(
  build: HclBody,
  declared: ReadonlyMap<string, HclBody>,
  selection: BuildSelection,
  values: ReadonlyMap<string, unknown>,
): TemplateBlock[] {
  const listed = values.get(build.attributes.get('sources') ?? '') ?? [];
  const used = [
    ...(Array.isArray(listed) ? listed : []).map(reference => ({ reference: String(reference), own: [] })),
    ...build.blocks.flatMap(({ type, labels, body }) =>
      type === 'source' ? [{ reference: labels.join('.'), own: [body] }] : [],
    ),
  ];
  const buildName = values.get(build.attributes.get('name') ?? '');
  return used.flatMap(({ reference, own }) => {
    const name = reference.replace(/^source\./, '');
    const names = typeof buildName === 'string' ? [name, `${buildName}.${name}`] : [name];
    const body = declared.get(name);
    if (body === undefined || !isMeant(names, selection)) return [];
    return [blockOf(name.split('.')[0] ?? '', name, [body, ...own], values)];
  });
}

function isMeant(names: readonly string[], { only, except }: BuildSelection): boolean {
  const matches = (patterns: string) =>
    patterns.split(',').some(pattern => {
      const text = pattern.trim().replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
      return names.some(name => new RegExp(`^${text.replaceAll('*', '.*')}$`).test(name));
    });
  return (only === undefined || matches(only)) && (except === undefined || !matches(except));
}

function blockOf(
  type: string,
  name: string,
  bodies: readonly HclBody[],
  values: ReadonlyMap<string, unknown>,
): TemplateBlock {
  return { type, name, ...bodyOf(bodies, values) };
}

/** Several bodies as one; what the later ones say holds. */
function bodyOf(bodies: readonly HclBody[], values: ReadonlyMap<string, unknown>): TemplateBody {
  const options = new Map<string, TemplateValue>();
  const blocks = new Map<string, TemplateBody[]>();
  for (const body of bodies) {
    for (const [name, expression] of body.attributes) {
      const known = values.has(expression);
      options.set(name, { expression, known, value: values.get(expression) });
    }
    for (const { type, body: inner } of body.blocks) {
      blocks.set(type, [...(blocks.get(type) ?? []), bodyOf([inner], values)]);
    }
  }
  return { options, blocks };
}
