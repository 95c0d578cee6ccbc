/** A test file whose class has another name: since version 9 PHPUnit refuses it, so it is given a file of the class's name that loads it. */
import { basename } from 'node:path';

/** A file to be given to PHPUnit in place of the test file. */
export interface PhpLoader {
  readonly name: string;
  readonly content: string;
}

interface PhpClass {
  readonly name: string;
  readonly modifiers: string;
}

/**
 * Undefined where PHPUnit finds the class by itself, and where there is not exactly one to be found. A subclass of the same name stands in the
 * loader, since from version 10 on the class must stand in the very file; a final class has none, so it is only loaded, which version 9 takes.
 * @param file its full path
 * @param source what is in it
 */
export function loaderFor(file: string, source: string): PhpLoader | undefined {
  const expected = basename(file, '.php').toLowerCase();
  const classes = [
    ...source.matchAll(/^\s*((?:(?:abstract|final|readonly)\s+)*)class\s+(\w+)\s+extends\s/gim),
  ].map(([, modifiers = '', name = '']): PhpClass => ({ name, modifiers }));
  const [only, ...others] = classes.filter(({ modifiers }) => !/abstract/i.test(modifiers));
  if (only === undefined || others.length > 0 || only.name.toLowerCase() === expected) return undefined;
  const load = `require_once '${file.replace(/[\\']/g, String.raw`\$&`)}';`;
  const own = /^\s*namespace\s+([\w\\]+)/im.exec(source)?.[1];
  const space = expected.replace(/\W+/g, '_').replace(/^(?=\d)/, '_');
  const content = /final/i.test(only.modifiers)
    ? `<?php\n${load}\n`
    : `<?php\nnamespace ${space};\n${load}\nclass ${only.name} extends \\${own === undefined ? '' : `${own}\\`}${only.name} {}\n`;
  return { name: `${only.name}.php`, content };
}
