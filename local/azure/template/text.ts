/** Values as text, the way the deployment engine's .NET writes them. */
import { isArray, isObject, type Json } from './json.js';

/** What `string()` and `concat()` make of a value: `True`, `12`, compact JSON, nothing for null. */
export function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return numberText(value);
  return JSON.stringify(value);
}

/** What `format()` makes of a value: as `textOf`, but JSON in single quotes. */
export function formattedText(value: Json): string {
  return isArray(value) || isObject(value) ? singleQuoted(value) : textOf(value);
}

function singleQuoted(value: Json): string {
  if (isArray(value)) return `[${value.map(singleQuoted).join(',')}]`;
  if (isObject(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${quote(key)}:${singleQuoted(item)}`);
    return `{${entries.join(',')}}`;
  }
  return typeof value === 'string' ? quote(value) : JSON.stringify(value);
}

function quote(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner}'`;
}

function numberText(value: number): string {
  const text = String(value);
  const exponent = /^(.*)e([+-])(\d+)$/.exec(text);
  return exponent === null
    ? text
    : `${exponent[1] ?? ''}E${exponent[2] ?? '+'}${(exponent[3] ?? '').padStart(2, '0')}`;
}
