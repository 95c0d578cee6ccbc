/** What a template makes Packer read: facts, files and folders, and what cannot be told before the build. Pure. */
import { dirname, resolve } from 'node:path';
import type { TemplateBlock, TemplateBody, TemplateModel, TemplateValue } from '../template/templateModel.js';

/** Something that is no file and yet decides what is baked. */
export interface DigestFact {
  /** In angle brackets. */
  readonly name: string;
  readonly text: string;
}

/** What is to be hashed. */
export interface DigestSources {
  readonly facts: readonly DigestFact[];
  /** Full paths of files and folders. */
  readonly paths: readonly string[];
  /** Those of them that Ansible reads: what they refer to counts too. */
  readonly ansible: readonly string[];
  /** What might be read besides, a sentence each: with one of these an unchanged digest proves nothing. */
  readonly gaps: readonly string[];
}

/** Options of sources that say where the image goes, who signs in and how it is built, but nothing of what is in it. */
const withoutEffect =
  /^(client_\w+|oidc_\w+|tenant_id|subscription_id|object_id|cloud_environment_name|metadata_host|use_azure_cli_auth|use_interactive_auth|managed_image_name|managed_image_resource_group_name|managed_image_\w+_snapshot_\w+|capture_\w+|storage_account|resource_group_name|build_resource_group_name|build_key_vault_\w+|temp_\w+|azure_tags?|virtual_network_\w+|private_virtual_network_\w+|allowed_inbound_ip_addresses|async_resourcegroup_delete|polling_duration_timeout|location|shared_image_gallery_destination|shared_image_gallery_timeout|shared_gallery_image_version_end_of_life_date|skip_create_image)$/;

/** Options that name files which end up in the image, of every kind of block that is known. */
const pathOptions: Readonly<Record<string, readonly string[]>> = {
  'azure-arm': ['custom_data_file', 'user_data_file'],
  'azure-chroot': [],
  'azure-dtl': [],
  null: [],
  shell: ['script', 'scripts'],
  powershell: ['script', 'scripts'],
  'windows-shell': ['script', 'scripts'],
  file: ['source', 'sources'],
  ansible: ['playbook_file', 'galaxy_file', 'inventory_file', 'inventory_directory'],
  'ansible-local': [
    'playbook_file',
    'playbook_files',
    'playbook_dir',
    'playbook_paths',
    'role_paths',
    'collection_paths',
    'group_vars',
    'host_vars',
    'inventory_file',
    'galaxy_file',
  ],
  'windows-restart': [],
  breakpoint: [],
  sleep: [],
};

/** What tells a moment or draws lots: an image does not change its worth by it. */
const passing = /\b(timestamp|uuidv4|uuid|isotime)\b/;
/** What stands for more than its expression says. */
const behind = /\blocals?\.|\b(file\w*|templatefile)\s*\(/;
/** What only an outside system can answer. */
const foreign = /\bdata\.[\w-]+\.|\b(vault|consul_key|aws_secretsmanager(_raw)?)\s*[(`]/;

/**
 * Reads the sources off a template.
 * @param workingDirectory where relative paths start
 * @param hide takes secrets out of a text: a digest is public, and what is short can be guessed from it
 */
export function digestSourcesOf(
  template: TemplateModel,
  workingDirectory: string,
  hide: (text: string) => string,
): DigestSources {
  const facts: DigestFact[] = [];
  const paths: string[] = [];
  const ansible: string[] = [];
  const gaps: string[] = [];

  const blocks = [
    ...template.sources.map(block => ({ block, place: `source ${block.name}` })),
    ...template.provisioners.map((block, index) => ({
      block,
      place: `provisioner ${index + 1} ${block.type}`,
    })),
  ];
  for (const { block, place } of blocks) {
    const known = pathOptions[block.type];
    if (known === undefined) {
      gaps.push(
        block.type === 'shell-local'
          ? `${place} runs commands on the agent, which may read anything`
          : `${place} is of a kind whose files are not known`,
      );
    }
    const isSource = block.name !== '';
    walk(block, place, (name, value, at) => {
      if (isSource && withoutEffect.test(name)) return;
      facts.push({ name: `<${at}: ${name}>`, text: hide(meaning(value, template)) });
      const why = hidden(value, template);
      if (why !== undefined) gaps.push(`${at}: ${name} = ${short(value)} ${why}`);
    });
    for (const body of [block, ...overrides(block)]) {
      for (const name of known ?? []) {
        const value = body.options.get(name);
        if (value === undefined || isDownload(block)) continue;
        const found = namedPaths(value);
        if (found === undefined) {
          gaps.push(`${place}: ${name} = ${short(value)} is known while building only`);
          continue;
        }
        const full = found.map(each => resolve(workingDirectory, each));
        // Run from this machine, a playbook has its roles and variables beside it, of which the template says nothing.
        const read = block.type === 'ansible' && name === 'playbook_file' ? full.map(dirname) : full;
        paths.push(...read);
        if (block.type.startsWith('ansible')) ansible.push(...read);
      }
      if (body.options.get('generated')?.value === true)
        gaps.push(`${place}: its source is generated while building`);
    }
  }
  for (const [name, { value }] of template.variables) {
    if (typeof value === 'string' && foreign.test(value)) gaps.push(`variable ${name} asks another system`);
  }
  return { facts, paths: [...new Set(paths)], ansible: [...new Set(ansible)], gaps };
}

function walk(
  body: TemplateBody,
  place: string,
  visit: (name: string, value: TemplateValue, place: string) => void,
): void {
  for (const [name, value] of body.options) visit(name, value, place);
  for (const [type, inner] of body.blocks) {
    if (withoutEffect.test(type)) continue;
    for (const [index, each] of inner.entries()) {
      walk(each, `${place} ${type}${inner.length > 1 ? ` ${index + 1}` : ''}`, visit);
    }
  }
}

/** A provisioner may have other options for one build: `override = { web = { script = … } }`. */
function overrides(block: TemplateBlock): TemplateBody[] {
  const value = block.options.get('override')?.value;
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null) return [];
    const options = Object.entries(each).map(
      ([name, inner]: [string, unknown]) =>
        [name, { expression: JSON.stringify(inner), known: true, value: inner }] as const,
    );
    return [{ options: new Map(options), blocks: new Map<string, TemplateBody[]>() }];
  });
}

function isDownload(block: TemplateBlock): boolean {
  return block.type === 'file' && block.options.get('direction')?.value === 'download';
}

/** What an option amounts to: its value, or how it is written with the variables in it where its value is none of an input's. */
function meaning(value: TemplateValue, template: TemplateModel): string {
  const isOwn = !passing.test(value.expression) || behind.test(value.expression);
  if (value.known && isOwn) return JSON.stringify(value.value);
  const used = variablesIn(value, template).filter(({ sensitive }) => !sensitive);
  return JSON.stringify([value.expression, ...used.map(({ name, value: given }) => [name, given])]);
}

/** Why an option that is known while building only may hide an input; undefined where its expression and variables tell all. */
function hidden(value: TemplateValue, template: TemplateModel): string | undefined {
  if (foreign.test(value.expression)) return 'asks another system';
  if (value.known) return undefined;
  if (behind.test(value.expression)) return 'has locals or files in it, and is known while building only';
  const open = variablesIn(value, template).filter(each => !each.sensitive && each.value === undefined);
  return open.length === 0
    ? undefined
    : `has variables in it that Packer does not tell (${open[0]?.name ?? ''})`;
}

function variablesIn({ expression }: TemplateValue, template: TemplateModel) {
  const words = new Set(expression.match(/[\w-]+/g));
  return [...template.variables]
    .filter(([name]) => words.has(name))
    .map(([name, variable]) => ({ name, ...variable }));
}

function namedPaths({ known, value }: TemplateValue): string[] | undefined {
  if (!known) return undefined;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = values.filter((each): each is string => typeof each === 'string');
  // Packer's own placeholders are filled in while it builds.
  if (texts.length < values.length || texts.some(text => text.includes('{{'))) return undefined;
  return texts.filter(text => text !== '');
}

function short({ expression }: TemplateValue): string {
  const line = expression.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
