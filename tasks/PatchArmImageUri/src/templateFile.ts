/** Templates on the disk: ARM's JSON, Bicep with its modules, and the one that a Bicep parameters file names. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';
import { isTemplate, readTemplate } from './armTemplate.js';
import { readStatements } from './bicepStatements.js';
import { readBicepTemplate } from './bicepTemplate.js';
import { contentOf } from './document.js';
import { lineCounter } from './lines.js';
import type { Template } from './template.js';
import { readTextFile, type TextFile } from './textFile.js';
import type { TokenPattern } from './tokens.js';

/** Modules that use themselves would go on for ever; nobody nests deeper. */
const deepest = 10;

/**
 * Reads a template.
 * @throws UserError when the file cannot be read or is none
 */
export function readTemplateFile(path: string, pattern: TokenPattern, depth = 0): Template {
  const { text } = readTextFile(path);
  if (/\.bicep$/i.test(path)) {
    const template = readBicepTemplate(text, module => {
      const file = localFile(module, path);
      return file === undefined || depth >= deepest ? undefined : tryRead(file, pattern, depth + 1);
    });
    if (!('problem' in template)) return template;
    throw new UserError(
      `${path} is no Bicep (line ${lineCounter(text)(template.offset)}: ${template.problem})`,
    );
  }
  const content = contentOf(text, path, pattern);
  if (isTemplate(content)) return readTemplate(content);
  throw new UserError(`${path} is no ARM template (JSON with 'resources') and no Bicep template`);
}

/** The template that a Bicep parameters file names by `using`; undefined where it is none on this disk, or another's. */
export function templateUsedBy(
  file: TextFile,
  pattern: TokenPattern,
): { name: string; content: Template } | undefined {
  if (!/\.bicepparam$/i.test(file.path)) return undefined;
  const read = readStatements(file.text);
  const using = 'problem' in read ? undefined : read.statements.find(({ keyword }) => keyword === 'using');
  const name = using?.type[0]?.value;
  const path = localFile(name, file.path);
  const content = path === undefined ? undefined : tryRead(path, pattern, 0);
  return name === undefined || content === undefined ? undefined : { name, content };
}

/** A path beside a file; undefined for a registry's, or where there is no such file. */
function localFile(path: string | undefined, from: string): string | undefined {
  if (path === undefined || /^(br|ts)[:/]/.test(path)) return undefined;
  const file = resolve(dirname(from), path);
  return /\.(bicep|jsonc?)$/i.test(file) && existsSync(file) ? file : undefined;
}

/** What a file uses need not be this task's to read: Bicep itself judges it. */
function tryRead(path: string, pattern: TokenPattern, depth: number): Template | undefined {
  try {
    return readTemplateFile(path, pattern, depth);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
