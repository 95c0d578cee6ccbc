/** Paths into JSON as people write them: `parameters.imageUri.value`, `$.resources[2]['my.key'].id`. */
import { UserError } from '../../../shared/core/errors.js';
import type { JSONPath } from './jsonText.js';

/**
 * Reads a path; `$` at its start may be left out.
 * @throws UserError when it is none
 */
export function parsePath(text: string): JSONPath {
  const path: JSONPath = [];
  const step = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]/y;
  const start = /^\$(?=[.[])/.test(text) ? 1 : 0;
  step.lastIndex = start;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) break;
    const [, name, index, single, double] = match;
    path.push(index === undefined ? (name ?? single ?? double ?? '') : Number(index));
    if (step.lastIndex === text.length) return path;
  }
  throw new UserError(
    `Input 'jsonPath' is no path: '${text}'. Write it as parameters.imageId.value or resources[0].properties['name'].`,
  );
}

/** The text form of a path. */
export function formatPath(path: JSONPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_$][\w$-]*$/.test(step)) return `['${step}']`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}
