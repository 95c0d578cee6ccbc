/** The keys that stand for more than themselves: `${{ if … }}`, `${{ each … }}`, `${{ insert }}`. */

import type { Entry } from './source.js';

export interface Directive {
  readonly kind: 'if' | 'elseif' | 'else' | 'each' | 'insert';
  readonly expression: string;
  readonly variable: string;
}

/** What a key directs, undefined for a plain one. */
export function readDirective({ key }: Entry): Directive | undefined {
  const text = /^\s*\$\{\{\s*(.*?)\s*\}\}\s*$/s.exec(key.text)?.[1];
  if (text === undefined) return undefined;
  const each = /^each\s+([A-Za-z_]\w*)\s+in\s+(.*)$/s.exec(text);
  if (each) return { kind: 'each', variable: each[1] ?? '', expression: each[2] ?? '' };
  const branch = /^(if|elseif)(?=[\s(])\s*(.*)$/s.exec(text);
  if (branch)
    return { kind: branch[1] === 'if' ? 'if' : 'elseif', expression: branch[2] ?? '', variable: '' };
  if (text === 'else' || text === 'insert') return { kind: text, expression: '', variable: '' };
  return undefined;
}
