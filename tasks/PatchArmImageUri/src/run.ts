/** Writes a baked image, and values for tokens, into ARM parameters and template files. */
import { relative } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import { formatImageReference } from '../../../shared/core/imageReference.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import { listOf, plural } from '../../../shared/core/text.js';
import { isParametersFile, isTemplate, readTemplate } from './armTemplate.js';
import { readImage } from './imageSource.js';
import { kindsTaken, type TargetChoice } from './imageTarget.js';
import type { inputs } from './inputs.generated.js';
import { getNodeValue, parseJson } from './jsonText.js';
import { parameterProblems } from './parametersCheck.js';
import { patchText, type Patch, type PatchedText } from './patchText.js';
import { readTextFile, writeTextFiles, type TextFile } from './textFile.js';
import { findTokens, parseTokenPattern, shadowTokens, type TokenPattern } from './tokens.js';

type Input = Inputs<typeof inputs>;

/**
 * Patches all files or none.
 * @returns the sentence that says what was done
 */
export function patchFiles(input: Input, agent: Agent): string {
  checkInputs(input);
  const pattern = parseTokenPattern(input.tokenPattern ?? '@@NAME@@');
  const tokens = parseNameValues(input.tokens, 'tokens');
  const secretTokens = readSecretTokens(input.secretTokens, tokens, agent);
  const sources = findSources(input, agent);
  const choice = readChoice(input, pattern);
  const image = readImage(input, kindsTaken(choice));
  if (image === undefined && tokens.size === 0) {
    throw new UserError(
      "There is nothing to write: give the image ('imageReference', 'packerLog' or 'packerManifest'), or 'tokens', or both.",
    );
  }
  const withParameters = sources.some(file => isKind(file, pattern, isParametersFile));
  const patch: Patch = { image, choice, pattern, tokens, secretTokens, withParameters };

  const name = (path: string) => relative(agent.workingDirectory, path) || path;
  const patched = patchAll(sources, patch, name);
  checkOutcome(patched, patch, input, name);
  checkParameters(patched, choice, name);

  for (const { file, result } of patched) {
    for (const { line, where, from, to } of result.changes)
      agent.info(`${name(file.path)}:${line}: ${where === '' ? '' : `${where}: `}${from} → ${to}`);
    if (!isConcerned(result)) agent.info(`${name(file.path)}: nothing to patch in it`);
  }
  const written = patched
    .filter(({ result }) => isConcerned(result))
    .map(({ file, result }) => ({ ...file, path: input.outputFile ?? file.path, text: result.text }));
  if (!input.dryRun) writeTextFiles(written.filter(isNew));

  const labels = [...new Set(patched.flatMap(({ result }) => result.imageLabel ?? []))];
  agent.output('patchedFiles', written.map(file => file.path).join('\n'));
  agent.output('patchedParameter', labels.join(','));
  agent.output('imageReference', image === undefined ? '' : formatImageReference(image));
  noteUnusedTokens(patched, patch, agent);
  return sentence(patched, written, labels, input.dryRun, name);
}

function checkInputs(input: Input): void {
  const problems: string[] = [];
  const images = (['imageReference', 'packerLog', 'packerManifest'] as const).filter(
    each => input[each] !== undefined,
  );
  if (images.length > 1)
    problems.push(`${listOf(images.map(each => `'${each}'`))} each name the image: give one of them.`);
  if (input.parameterName !== undefined && input.jsonPath !== undefined)
    problems.push("'parameterName' and 'jsonPath' both say where the image goes: give one of them.");
  if (problems.length > 0) throw new ProblemsError('The inputs of this task do not go together', problems);
}

function readSecretTokens(
  text: string | undefined,
  tokens: ReadonlyMap<string, string>,
  agent: Agent,
): Set<string> {
  const names = (text ?? '').split(/[\s,;]+/).filter(name => name !== '');
  const unknown = names.filter(name => !tokens.has(name));
  if (unknown.length > 0) {
    throw new UserError(
      `Input 'secretTokens' names ${listOf(unknown)}, which 'tokens' has no value for. Add NAME=value lines there or mend the names.`,
    );
  }
  for (const name of names) agent.secret(tokens.get(name) ?? '');
  return new Set(names);
}

function findSources(input: Input, agent: Agent): TextFile[] {
  const paths = agent.findFiles(input.files, agent.workingDirectory);
  if (paths.length === 0) {
    throw new UserError(
      `Input 'files' matches no file: ${input.files}. Patterns are relative to ${agent.workingDirectory}; ` +
        'check the path, and that the step which checks out or downloads the files ran before.',
    );
  }
  if (input.outputFile !== undefined && paths.length > 1) {
    throw new UserError(
      `Input 'outputFile' can take one file, but 'files' matches ${paths.length}: ${listOf(paths)}. Narrow 'files', or leave 'outputFile' out to patch in place.`,
    );
  }
  return paths.map(readTextFile);
}

function readChoice(input: Input, pattern: TokenPattern): TargetChoice {
  const { parameterName, jsonPath, templateFile } = input;
  if (templateFile === undefined) return { parameterName, jsonPath };
  const content = contentOf(readTextFile(templateFile), pattern);
  if (!isTemplate(content)) {
    throw new UserError(
      `Input 'templateFile': ${templateFile} is no ARM template (JSON with 'resources'). For Bicep give the template that "az bicep build" makes.`,
    );
  }
  return { parameterName, jsonPath, template: { name: templateFile, content: readTemplate(content) } };
}

function isKind(file: TextFile, pattern: TokenPattern, is: (content: unknown) => boolean): boolean {
  return is(contentOf(file, pattern));
}

/** A file's JSON content; undefined when it is no JSON. */
function contentOf(file: TextFile, pattern: TokenPattern): unknown {
  const parsed = parseJson(shadowTokens(file.text, findTokens(file.text, pattern, true)));
  return 'root' in parsed ? (getNodeValue(parsed.root) as unknown) : undefined;
}

interface Patched {
  readonly file: TextFile;
  readonly result: PatchedText;
}

/** Every file's outcome, in memory; the problems of all files at once. */
function patchAll(files: readonly TextFile[], patch: Patch, name: (path: string) => string): Patched[] {
  const patched: Patched[] = [];
  const problems: string[] = [];
  for (const file of files) {
    try {
      patched.push({ file, result: patchText(file.text, file.path, patch) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(`${name(file.path)}: ${error.message}.`);
    }
  }
  if (problems.length > 0) throw new ProblemsError('No file was changed', problems);
  return patched;
}

function checkOutcome(
  patched: readonly Patched[],
  patch: Patch,
  input: Input,
  name: (path: string) => string,
): void {
  const left = patched.flatMap(({ file, result }) =>
    result.left.map(token => `${name(file.path)}:${token.line}: ${patch.pattern.show(token.name)}`),
  );
  if (left.length > 0 && input.missingTokens === 'fail') {
    throw new ProblemsError(
      "No file was changed: tokens without a value are left. Add NAME=value lines to 'tokens', or set missingTokens: keep",
      left,
    );
  }
  const files = listOf(patched.map(({ file }) => name(file.path)));
  if (patch.image !== undefined && patched.every(({ result }) => result.imageLabel === undefined)) {
    throw new UserError(
      `The image was written nowhere: ${files} ${patched.length === 1 ? 'is' : 'are'} neither an ARM template nor a parameters file. ` +
        "Mend 'files', or say where the image goes with 'jsonPath'.",
    );
  }
  if (patch.image === undefined && patched.every(({ result }) => result.filled.length === 0)) {
    throw new UserError(
      `Nothing was patched: ${files} ${patched.length === 1 ? 'holds' : 'hold'} none of the tokens ${listOf([...patch.tokens.keys()].map(token => patch.pattern.show(token)))}. ` +
        "Mend 'files', 'tokens' or 'tokenPattern'; a file that was patched in place has no tokens any more.",
    );
  }
}

/** What Azure would refuse the finished files for, as far as the template tells; a kept token is not judged. */
function checkParameters(
  patched: readonly Patched[],
  { template }: TargetChoice,
  name: (path: string) => string,
): void {
  if (template === undefined) return;
  const problems = patched.flatMap(({ file, result }) =>
    result.left.length > 0
      ? []
      : parameterProblems(result.text, template.content.parameters).map(
          ({ line, problem }) => `${name(file.path)}:${line}: ${problem}`,
        ),
  );
  if (problems.length > 0)
    throw new ProblemsError(`No file was changed: they do not fit ${name(template.name)}`, problems);
}

/** Whether a file holds the image or one of the values; a pattern may match others too. */
function isConcerned(result: PatchedText): boolean {
  return result.imageLabel !== undefined || result.filled.length > 0;
}

/** Whether what is to be written differs from what is on the disk. */
function isNew(file: TextFile): boolean {
  try {
    return readTextFile(file.path).text !== file.text;
  } catch {
    return true;
  }
}

/** A token that stands nowhere is likely misspelt, unless the files were patched before. */
function noteUnusedTokens(patched: readonly Patched[], patch: Patch, agent: Agent): void {
  const filled = new Set(patched.flatMap(({ result }) => result.filled));
  const unused = [...patch.tokens.keys()].filter(token => !filled.has(token));
  if (unused.length === 0) return;
  const note = `No file holds ${listOf(unused.map(token => patch.pattern.show(token)))}, though 'tokens' gives a value.`;
  if (patched.some(({ result }) => result.changes.length > 0)) agent.warning(note);
  else agent.info(note);
}

function sentence(
  patched: readonly Patched[],
  written: readonly TextFile[],
  labels: readonly string[],
  dryRun: boolean,
  name: (path: string) => string,
): string {
  const changes = patched.reduce((sum, { result }) => sum + result.changes.length, 0);
  const files = listOf(written.map(file => name(file.path)));
  const image = labels.length === 0 ? '' : ` The image is in ${listOf(labels)}.`;
  if (changes === 0)
    return `Nothing to change: ${files} already ${written.length === 1 ? 'holds' : 'hold'} it all.${image}`;
  return `${dryRun ? 'Dry run, nothing written: would make' : 'Made'} ${plural(changes, 'change')} in ${files}.${image}`;
}
