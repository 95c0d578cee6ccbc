/** Reads `variables:` in both its forms. */

import type { VariableDefinition } from './model.js';
import { asBoolean, asItems, asText, readExpression, readFields, uniqueEntries } from './reader.js';
import { type Node, type Position, type Report, valueOf } from './source.js';
import { variableVocabulary } from './vocabularies.js';

export function readVariables(node: Node, report: Report): VariableDefinition[] {
  if (node.kind === 'map')
    return uniqueEntries(node, 'variables', report).map(({ key, value }) =>
      define(key.text, asText(value, `the variable '${key.text}'`, report), false, value.at, report),
    );
  return asItems(node, 'variables', report).flatMap(item => {
    const variable = readVariable(item, report);
    return variable === undefined ? [] : [variable];
  });
}

function readVariable(node: Node, report: Report): VariableDefinition | undefined {
  let name: string | undefined;
  let value = '';
  let at = node.at;
  let readOnly = false;
  readFields(
    node,
    'a variable',
    {
      name: field => (name = asText(field, 'name', report)),
      value: field => {
        value = asText(field, 'value', report);
        at = field.at;
      },
      readonly: field => (readOnly = asBoolean(field, 'readonly', report)),
      group: (field, key) => {
        report(
          key.at,
          `variable groups live in Azure DevOps; give the variables of '${asText(field, 'group', report)}' with --var and --secret-env and take the group out, or put it behind an \${{ if }}`,
        );
      },
    },
    report,
  );
  if (valueOf(node, 'group')) return undefined;
  if (name === undefined || name === '') {
    report(node.at, 'a variable needs a name');
    return undefined;
  }
  return define(name, value, readOnly, at, report);
}

function define(
  name: string,
  value: string,
  readOnly: boolean,
  at: Position,
  report: Report,
): VariableDefinition {
  const inner = /^\s*\$\[(.*)\]\s*$/s.exec(value)?.[1];
  const expression = inner === undefined ? undefined : readExpression(inner, at, variableVocabulary, report);
  return { name, value, readOnly, at, ...(expression && { expression }) };
}
