/** The `$filter` of a list of resources. Pure. */
import { ArmError } from './armError.js';
import type { Json } from './json.js';
import type { Resource } from './store.js';

interface Condition {
  readonly name: string;
  readonly value: string;
}

/**
 * The resources that a filter leaves, as the list shows them: without their properties. Deployments are never among them.
 * @param filter `resourceType`, `name`, `resourceGroup`, `location`, `tagName` or `tagValue`, each `eq '…'`, joined by `and`
 * @throws ArmError InvalidFilterInQueryString
 */
export function filterResources(filter: string, resources: readonly Resource[]): readonly Json[] {
  const conditions = parse(filter);
  const tagName = conditions.find(one => one.name === 'tagname')?.value;
  const holds = (resource: Resource, { name, value }: Condition): boolean => {
    const tags = Object.entries(resource.tags ?? {}).map(
      ([tag, text]) => [tag.toLowerCase(), String(text).toLowerCase()] as const,
    );
    switch (name) {
      case 'resourcetype':
        return resource.type.toLowerCase() === value;
      case 'name':
        return resource.name.toLowerCase() === value;
      case 'resourcegroup':
        return resource.id.split('/')[4]?.toLowerCase() === value;
      case 'location':
        return resource.location?.toLowerCase() === value;
      case 'tagname':
        return tags.some(([tag]) => tag === value);
      case 'tagvalue':
        return tags.some(([tag, text]) => tag === tagName && text === value);
      default:
        throw invalid(filter);
    }
  };
  return resources
    .filter(
      one =>
        one.type !== 'Microsoft.Resources/deployments' &&
        conditions.every(condition => holds(one, condition)),
    )
    .map(({ properties: _properties, etag: _etag, ...shown }) => shown);
}

function parse(filter: string): readonly Condition[] {
  if (filter.trim() === '') return [];
  return filter
    .trim()
    .split(/\s+and\s+(?=\w+\s+eq\s)/i)
    .map(part => {
      const [, name, value] = /^(\w+)\s+eq\s+'((?:[^']|'')*)'$/i.exec(part) ?? [];
      if (name === undefined || value === undefined) throw invalid(filter);
      return { name: name.toLowerCase(), value: value.replaceAll("''", "'").toLowerCase() };
    });
}

function invalid(filter: string): ArmError {
  return new ArmError(
    400,
    'InvalidFilterInQueryString',
    `Invalid $filter '${filter}' specified in the query string.`,
  );
}
