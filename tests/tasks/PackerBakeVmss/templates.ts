/** Template models, made by hand. */
import type {
  TemplateBlock,
  TemplateBody,
  TemplateModel,
  TemplateValue,
} from '../../../tasks/PackerBakeVmss/src/template/templateModel.js';

/** Stands for a value that is known while building only. */
export const unknown = Symbol('unknown');

type Values = Readonly<Record<string, unknown>>;

/** A source, with its nested blocks. */
export function source(
  name: string,
  options: Values,
  blocks: Readonly<Record<string, readonly { readonly options: Values }[]>> = {},
): TemplateBlock {
  const nested = Object.entries(blocks).map(([type, bodies]): [string, TemplateBody[]] => [
    type,
    bodies.map(body => ({ options: valuesOf(body.options), blocks: new Map() })),
  ]);
  return {
    type: name.split('.')[0] ?? '',
    name,
    options: valuesOf(options),
    blocks: new Map(nested),
  };
}

/** A template of these sources. */
export function templateOf(...sources: readonly TemplateBlock[]): TemplateModel {
  return { files: [], sources, provisioners: [], postProcessors: [], variables: new Map() };
}

function valuesOf(options: Values): Map<string, TemplateValue> {
  return new Map(
    Object.entries(options).map(([name, value]) => [
      name,
      value === unknown
        ? { expression: 'timestamp()', known: false, value: undefined }
        : { expression: JSON.stringify(value), known: true, value },
    ]),
  );
}
