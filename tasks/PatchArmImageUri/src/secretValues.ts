/** Values that nobody may see: those of secure parameters, and of what is called like a password. */
import { getNodeValue, pathOf, type Edit, type JSONPath, type Node } from './jsonText.js';
import type { TemplateParameter } from './template.js';
import type { TokenPattern } from './tokens.js';

/** Whether a value is secret: by its parameter's type in the template, or by its name. */
export function isSecretPath(path: JSONPath, declared: readonly TemplateParameter[]): boolean {
  const [root, parameter, part] = path.map(step => String(step));
  if (root !== 'parameters') return /password|secret/i.test(path.join('.'));
  if (parameter === undefined || !/^(value|defaultvalue|reference)$/i.test(part ?? '')) return false;
  // A reference to a vault names the secret but does not hold it; a Bicep expression may.
  if (part === 'reference' && path.length > 3) return false;
  const name = parameter.toLowerCase();
  const type = declared.find(each => each.name.toLowerCase() === name)?.type ?? '';
  return (
    type.startsWith('secure') ||
    /passw|pwd|secret|credential|token|(access|account|private|api)_?key/.test(name) ||
    /passw|secret/i.test(path.slice(3).join('.'))
  );
}

/** Puts asterisks in the place of every secret text and number; tokens and expressions are none. */
export function secretEdits(
  root: Node,
  text: string,
  pattern: TokenPattern,
  isSecret: (path: JSONPath) => boolean,
): Edit[] {
  const edits: Edit[] = [];
  const visit = (node: Node): void => {
    if (node.type === 'string' || node.type === 'number') {
      const content = text.slice(node.offset, node.offset + node.length);
      const value = String(getNodeValue(node));
      const isOpen = value === '' || /^\[[^]*\]$/.test(value) || content.search(pattern.regex) >= 0;
      if (isOpen || !isSecret(pathOf(node))) return;
      const quote = /^["']/.exec(content)?.[0] ?? '';
      edits.push({ offset: node.offset, length: node.length, text: `${quote}***${quote}` });
    } else if (node.type === 'property') {
      const value = node.children?.[1];
      if (value !== undefined) visit(value);
    } else for (const child of node.children ?? []) visit(child);
  };
  visit(root);
  return edits;
}
