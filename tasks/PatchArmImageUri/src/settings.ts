/** The inputs, read and held against each other: everything that is wrong with them at once. */
import { relative } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import type { ImageReference } from '../../../shared/core/imageReference.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import { listOf } from '../../../shared/core/text.js';
import { isParametersFile } from './armTemplate.js';
import { contentOf } from './document.js';
import { readImage } from './imageSource.js';
import { kindsTaken, type TargetChoice } from './imageTarget.js';
import type { inputs } from './inputs.generated.js';
import type { Patch } from './patchText.js';
import { readTemplateFile, templateUsedBy } from './templateFile.js';
import { readTextFile, type TextFile } from './textFile.js';
import { parseTokenPattern, type TokenPattern } from './tokens.js';

export type Input = Inputs<typeof inputs>;

/** A file to patch, and what is to be written into it. */
export interface Source {
  readonly file: TextFile;
  readonly patch: Patch;
}

/** All that the task needs to know. */
export interface Settings {
  readonly sources: readonly Source[];
  readonly image: ImageReference | undefined;
  readonly tokens: ReadonlyMap<string, string>;
  readonly pattern: TokenPattern;
  /** What `templateFile` names. */
  readonly template: TargetChoice['template'];
}

/** @throws UserError or ProblemsError with everything that must be mended before a file can be patched */
export function readSettings(input: Input, agent: Agent): Settings {
  const problems: UserError[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  for (const problem of conflicts(input)) problems.push(new UserError(problem));
  const pattern = attempt(() => parseTokenPattern(input.tokenPattern ?? '@@NAME@@'));
  const tokens = attempt(() => parseNameValues(input.tokens, 'tokens'));
  const secretTokens = tokens && attempt(() => readSecretTokens(input.secretTokens, tokens, agent));
  const files = attempt(() => findFiles(input, agent));
  const template = pattern && attempt(() => readNamedTemplate(input.templateFile, pattern, agent));
  const choices = files?.map(file => ({
    file,
    choice: choose(input, template ?? (pattern && templateUsedBy(file, pattern))),
  }));
  const kinds = choices?.map(({ choice }) => kindsTaken(choice)).find(each => each !== undefined);
  const image = attempt(() => readImage(input, kinds));
  if (problems.length === 0 && image === undefined && tokens?.size === 0) {
    problems.push(
      new UserError(
        "There is nothing to write: give the image ('imageReference', 'packerLog' or 'packerManifest'), or 'tokens', or both. " +
          'An image that another step hands over is empty when that step did not run, or has no name.',
      ),
    );
  }
  const [only, second] = problems;
  if (only !== undefined && second === undefined) throw only;
  if (
    pattern === undefined ||
    tokens === undefined ||
    secretTokens === undefined ||
    choices === undefined ||
    problems.length > 0
  ) {
    const messages = problems.map(problem => problem.message.replaceAll('\n', '\n  '));
    throw new ProblemsError('The inputs of this task must be mended first', messages);
  }
  const withParameters = choices.some(({ file }) =>
    isParametersFile(contentOf(file.text, file.path, pattern)),
  );
  const sources = choices.map(({ file, choice }) => ({
    file,
    patch: { image, choice, pattern, tokens, secretTokens, withParameters },
  }));
  return { sources, image, tokens, pattern, template };
}

function conflicts(input: Input): string[] {
  const problems: string[] = [];
  const images = (['imageReference', 'packerLog', 'packerManifest'] as const).filter(
    each => input[each] !== undefined,
  );
  if (images.length > 1)
    problems.push(`${listOf(images.map(each => `'${each}'`))} each name the image: give one of them.`);
  if (input.parameterName !== undefined && input.jsonPath !== undefined)
    problems.push("'parameterName' and 'jsonPath' both say where the image goes: give one of them.");
  const place = (['parameterName', 'jsonPath'] as const).find(each => input[each] !== undefined);
  if (images.length === 0 && place !== undefined) {
    problems.push(
      `'${place}' says where the image goes, but there is no image: 'imageReference' is empty. Where another step hands it over, see that this step ran and that its name is right.`,
    );
  }
  return problems;
}

function readSecretTokens(
  text: string | undefined,
  tokens: ReadonlyMap<string, string>,
  agent: Agent,
): Set<string> {
  const names = (text ?? '').split(/[\s,;]+/).filter(name => name !== '');
  const unknown = names.filter(name => !tokens.has(name));
  for (const name of names) agent.secret(tokens.get(name) ?? '');
  if (unknown.length === 0) return new Set(names);
  throw new UserError(
    `Input 'secretTokens' names ${listOf(unknown)}, which 'tokens' has no value for. Add NAME=value lines there or mend the names.`,
  );
}

function findFiles(input: Input, agent: Agent): TextFile[] {
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

function readNamedTemplate(
  path: string | undefined,
  pattern: TokenPattern,
  agent: Agent,
): TargetChoice['template'] {
  if (path === undefined) return undefined;
  try {
    return { name: relative(agent.workingDirectory, path), content: readTemplateFile(path, pattern) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`Input 'templateFile': ${error.message}.`, { cause: error });
  }
}

function choose(
  { parameterName, jsonPath, replaceReference }: Input,
  template: TargetChoice['template'],
): TargetChoice {
  return { parameterName, jsonPath, template, replaceReference };
}
