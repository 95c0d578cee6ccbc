/** Writes a baked image, and values for tokens, into ARM and Bicep parameters and template files. */
import { relative } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import { formatImageReference } from '../../../shared/core/imageReference.js';
import { listOf, plural } from '../../../shared/core/text.js';
import { unifiedDiff } from './diff.js';
import { readDocument } from './document.js';
import { candidatesOf } from './imageFit.js';
import { parameterProblems } from './parametersCheck.js';
import { patchText, type PatchedText } from './patchText.js';
import { reportChanges } from './reportChanges.js';
import { readSettings, type Input, type Settings, type Source } from './settings.js';
import { writeTextFiles, type FileToWrite } from './textFile.js';

/** A source, and what becomes of it. */
interface Patched extends Source {
  readonly result: PatchedText;
}

/**
 * Patches all files or none.
 * @returns the sentence that says what was done
 */
export function patchFiles(input: Input, agent: Agent): string {
  const settings = readSettings(input, agent);
  const name = (path: string) => relative(agent.workingDirectory, path) || path;
  reportChanges(settings.image, input.dryRun, [], agent);
  const patched = patchAll(settings, input, name);
  checkOutcome(patched, settings, name);

  const concerned = patched.filter(({ result }) => isConcerned(result));
  const written = concerned.map(({ file, result }) => ({
    ...file,
    path: input.outputFile ?? file.path,
    text: result.text,
    isPrivate: input.outputFile !== undefined && result.holdsSecret,
  }));
  for (const each of patched) {
    if (!isConcerned(each.result)) agent.info(`${name(each.file.path)}: nothing to patch in it`);
    else if (input.dryRun) showDiff(each, input.outputFile ?? each.file.path, agent, name);
    else showChanges(each, agent, name);
  }
  if (!input.dryRun) writeTextFiles(written);
  const changed = concerned.map(({ file, result }) => ({ path: name(file.path), changes: result.changes }));
  reportChanges(settings.image, input.dryRun, changed, agent);

  const labels = [...new Set(patched.flatMap(({ result }) => result.imageLabel ?? []))];
  agent.output('patchedFiles', written.map(file => file.path).join('\n'));
  agent.output('patchedParameter', labels.join(','));
  agent.output('imageReference', settings.image === undefined ? '' : formatImageReference(settings.image));
  warn(patched, written, settings, agent, name);
  return sentence(patched, written, labels, input.dryRun, name);
}

/** Every file's outcome, in memory; the problems of all files at once. */
function patchAll(settings: Settings, input: Input, name: (path: string) => string): Patched[] {
  const patched: Patched[] = [];
  const problems: string[] = [];
  for (const { file, patch } of settings.sources) {
    try {
      const result = patchText(file.text, file.path, patch);
      patched.push({ file, patch, result });
      problems.push(...result.problems.map(problem => `${name(file.path)}: ${problem}.`));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(`${name(file.path)}: ${error.message}.`);
    }
  }
  const hasPlace = problems.length === 0;
  if (hasPlace) problems.push(...missingImage(patched, settings, name));
  const tokens = patched.flatMap(each => tokenProblems(each, input, hasPlace, name));
  problems.push(...tokens);
  for (const each of patched)
    if (each.result.problems.length === 0 && each.result.left.length === 0)
      problems.push(...unfit(each, name));
  if (problems.length === 0) return patched;
  const { template } = settings;
  const against = template === undefined ? '' : ` (the template is ${template.name})`;
  const advice =
    tokens.length === 0
      ? ''
      : ". For tokens without a value add NAME=value lines to 'tokens', or set missingTokens: keep";
  throw new ProblemsError(`No file was changed${against}${advice}`, problems);
}

function missingImage(
  patched: readonly Patched[],
  { image }: Settings,
  name: (path: string) => string,
): string[] {
  if (image === undefined || patched.some(({ result }) => result.imageLabel !== undefined)) return [];
  const files = listOf(patched.map(({ file }) => name(file.path)));
  return [
    `The image was written nowhere: ${files} ${patched.length === 1 ? 'is' : 'are'} neither an ARM template nor a parameters file (JSON or .bicepparam). ` +
      "Mend 'files', or say where the image goes with 'jsonPath'.",
  ];
}

/**
 * Tokens without a value, and those of an image that would become nothing.
 * @param hasPlace whether the image found its place: where it did not, its own token is not what is missing
 */
function tokenProblems(
  { file, patch, result }: Patched,
  { missingTokens }: Input,
  hasPlace: boolean,
  name: (path: string) => string,
): string[] {
  const at = (token: { name: string; line: number }) =>
    `${name(file.path)}:${token.line}: ${patch.pattern.show(token.name)}`;
  const speaksOfImage = (token: { name: string }) => /image|vhd/i.test(token.name);
  const left = missingTokens === 'keep' ? [] : result.left.filter(token => hasPlace || !speaksOfImage(token));
  const empty = result.filled.filter(token => token.isEmpty && speaksOfImage(token));
  return [
    ...left.map(token => `${at(token)} has no value`),
    ...empty.map(
      token =>
        `${at(token)} has an empty value: see that the step which hands the image over ran and that its name is right`,
    ),
  ];
}

/** What Azure would refuse a finished file for, as far as the template tells. */
function unfit({ file, patch, result }: Patched, name: (path: string) => string): string[] {
  const { template } = patch.choice;
  const { syntax } = readDocument(result.text, file.path, patch.pattern);
  if (template === undefined || syntax === undefined) return [];
  return parameterProblems(result.text, template.content, syntax).map(
    ({ line, problem }) => `${name(file.path)}:${line}: ${problem}`,
  );
}

/** @throws UserError when tokens were to be filled, and no file has any of them */
function checkOutcome(
  patched: readonly Patched[],
  { image, tokens, pattern }: Settings,
  name: (path: string) => string,
): void {
  if (image !== undefined || patched.some(({ result }) => result.filled.length > 0)) return;
  const files = listOf(patched.map(({ file }) => name(file.path)));
  throw new UserError(
    `Nothing was patched: ${files} ${patched.length === 1 ? 'holds' : 'hold'} none of the tokens ${listOf([...tokens.keys()].map(token => pattern.show(token)))}. ` +
      "Mend 'files', 'tokens' or 'tokenPattern'; a file that was patched in place has no tokens any more.",
  );
}

/** Whether a file holds the image or one of the values; a pattern may match others too. */
function isConcerned(result: PatchedText): boolean {
  return result.imageLabel !== undefined || result.filled.length > 0;
}

function showChanges({ file, result }: Patched, agent: Agent, name: (path: string) => string): void {
  for (const { line, where, from, to } of result.changes)
    agent.info(`${name(file.path)}:${line}: ${where === '' ? '' : `${where}: `}${from} → ${to}`);
}

function showDiff(patched: Patched, target: string, agent: Agent, name: (path: string) => string): void {
  const { file, result } = patched;
  if (result.changes.length === 0) return;
  const [before, after] = [agent.mask(result.shown.before), agent.mask(result.shown.after)];
  const diff = unifiedDiff(name(file.path), name(target), before, after);
  if (diff === undefined) showChanges(patched, agent, name);
  else for (const line of diff) agent.info(line);
}

/** What a person should look at though the step goes on. */
function warn(
  patched: readonly Patched[],
  written: readonly FileToWrite[],
  { image, tokens, pattern, template }: Settings,
  agent: Agent,
  name: (path: string) => string,
): void {
  const all = patched.flatMap(({ file, result }) =>
    result.filled.map(token => ({ ...token, path: name(file.path) })),
  );
  for (const token of all.filter(each => each.isEmpty))
    agent.warning(
      `${token.path}:${token.line}: ${pattern.show(token.name)} was replaced by nothing: 'tokens' gives it an empty value.`,
    );

  // A token that stands nowhere is likely misspelt, unless the files were patched before.
  const used = new Set(all.map(each => each.name));
  const unused = [...tokens.keys()].filter(token => !used.has(token));
  if (unused.length > 0) {
    const note = `No file holds ${listOf(unused.map(token => pattern.show(token)))}, though 'tokens' gives a value.`;
    if (patched.some(({ result }) => result.changes.length > 0)) agent.warning(note);
    else agent.info(note);
  }

  const candidates = template === undefined ? [] : candidatesOf(template.content).map(each => each.name);
  const touched = patched.flatMap(({ result }) => result.changes.map(change => change.where.toLowerCase()));
  const isTouched = candidates.some(each =>
    touched.some(where => where.startsWith(`parameters.${each.toLowerCase()}.`)),
  );
  if (image === undefined && candidates.length > 0 && !isTouched)
    agent.warning(
      `No image was given, so ${listOf(candidates)} stayed as before. If one was meant, see that 'imageReference' is not empty.`,
    );

  const published = agent.variable('Build.ArtifactStagingDirectory');
  for (const file of published === undefined ? [] : written) {
    const isInside = !/^(\.\.|\/|[A-Za-z]:)/.test(relative(published ?? '', file.path));
    const holdsSecret = patched.some(({ result }) => result.text === file.text && result.holdsSecret);
    if (isInside && holdsSecret)
      agent.warning(
        `${name(file.path)} holds secret values and lies where artifacts are published from. Set 'outputFile' to a path under $(Agent.TempDirectory).`,
      );
  }
}

function sentence(
  patched: readonly Patched[],
  written: readonly FileToWrite[],
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
