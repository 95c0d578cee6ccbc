/** Makes what follows from each task.json (typed inputs, reference page) and from the report's format (its schema); `--check` only compares. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { reportSchema } from './reportSchema.js';
import { repositoryRoot, taskNames, readManifest, type TaskInput, type TaskManifest } from './tasks.js';

const pages = taskNames().flatMap(name => {
  const manifest = readManifest(name);
  return [
    { path: join(repositoryRoot, 'tasks', name, 'src', 'inputs.generated.ts'), text: inputsModule(manifest) },
    { path: join(repositoryRoot, 'docs', 'tasks', `${name}.md`), text: referencePage(manifest) },
  ];
});

const schema = {
  path: join(repositoryRoot, 'docs', 'release-report.schema.json'),
  text: await reportSchema(),
};
const written = [...pages, schema];

const stale = written.filter(({ path, text }) => !existsSync(path) || readFileSync(path, 'utf8') !== text);
if (process.argv.includes('--check')) {
  for (const { path } of stale)
    console.error(`${relative(repositoryRoot, path)} does not follow from its source`);
  if (stale.length > 0) {
    console.error('Run "npm run generate" and commit what it changes.');
    process.exitCode = 1;
  }
} else {
  for (const { path, text } of stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${relative(repositoryRoot, path)}`);
  }
}

/** The module that gives a task's code its typed inputs and the names of its outputs. */
function inputsModule(manifest: TaskManifest): string {
  const inputs = manifest.inputs.map(input => {
    const options =
      typeOf(input) === 'pickList' ? `, options: [${optionsOf(input).map(quote).join(', ')}]` : '';
    return `  ${input.name}: { type: ${quote(typeOf(input))}, required: ${isAlwaysRequired(input)}${options}${fallbackOf(input)} },\n`;
  });
  const outputs = (manifest.outputVariables ?? []).map(output => quote(output.name));
  return [
    `/** The inputs and outputs of ${manifest.name}, made from task.json by "npm run generate". */`,
    'export const inputs = {',
    `${inputs.join('')}} as const;`,
    '',
    `export const outputs = [${outputs.join(', ')}] as const;`,
    '',
  ].join('\n');
}

function referencePage(manifest: TaskManifest): string {
  const inputs = manifest.inputs.map(input => {
    const type =
      typeOf(input) === 'pickList'
        ? optionsOf(input)
            .map(option => `\`${option}\``)
            .join(' · ')
        : typeOf(input);
    const fallback =
      input.defaultValue === undefined || input.defaultValue === '' ? '' : `\`${input.defaultValue}\``;
    const aliases = (input.aliases ?? []).map(alias => ` (alias \`${alias}\`)`).join('');
    const required = isAlwaysRequired(input) ? 'yes' : '';
    return `| \`${input.name}\`${aliases} | ${type} | ${required} | ${cell(fallback)} | ${cell(input.helpMarkDown)} |`;
  });
  const outputs = (manifest.outputVariables ?? []).map(
    output => `| \`${output.name}\` | ${cell(output.description)} |`,
  );
  return [
    `# ${manifest.name}@${manifest.version.Major}`,
    '',
    manifest.description,
    '',
    `How to use it: [tasks/${manifest.name}/README.md](../../tasks/${manifest.name}/README.md). This page is made from task.json by \`npm run generate\`.`,
    '',
    '## Inputs',
    '',
    '| Input | Type | Required | Default | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...inputs,
    '',
    '## Output variables',
    '',
    '| Output | Meaning |',
    '| --- | --- |',
    ...outputs,
    '',
  ].join('\n');
}

/** An input that hides behind a visibleRule is checked by the task itself: YAML ignores visibleRule. */
function isAlwaysRequired(input: TaskInput): boolean {
  return input.required === true && input.visibleRule === undefined && (input.defaultValue ?? '') === '';
}

/** The type as the code sees it: a pick list that also takes free text offers no more than a text. */
function typeOf(input: TaskInput): string {
  if (input.type === 'pickList' && input.properties?.['EditableOptions'] === 'True') return 'string';
  return input.type.startsWith('connectedService:') ? 'connectedService' : input.type;
}

function optionsOf(input: TaskInput): string[] {
  const options = Object.keys(input.options ?? {});
  const first = options.indexOf(input.defaultValue ?? '');
  // The default comes first: it is what readInputs takes when the agent hands over nothing.
  return first > 0 ? [options[first] ?? '', ...options.filter((_, index) => index !== first)] : options;
}

/** Numbers and switches that are on: what an empty text means for them is not 0 or false. */
function fallbackOf({ type, defaultValue = '' }: TaskInput): string {
  if (type !== 'int' && type !== 'boolean') return '';
  return ['', '0', 'false'].includes(defaultValue) ? '' : `, fallback: ${defaultValue}`;
}

function quote(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, String.raw`\'`)}'`;
}

function cell(text: string): string {
  return text.replace(/\|/g, String.raw`\|`).replace(/\s*\n\s*/g, '<br>');
}
