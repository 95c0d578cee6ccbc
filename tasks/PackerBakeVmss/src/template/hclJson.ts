/** HCL in its JSON syntax (`.pkr.json`), as the same structure: what is a block there and what an attribute, only its name tells. */
import type { HclBlock, HclBody } from './hclBody.js';

/** Labels by block type; everything else is an attribute. */
const labelled: Readonly<Record<string, number>> = {
  source: 2,
  variable: 1,
  variables: 0,
  build: 0,
  provisioner: 1,
  'post-processor': 1,
  'post-processors': 0,
  shared_image_gallery: 0,
  shared_image_gallery_destination: 0,
  plan_info: 0,
  azure_tag: 0,
  target_region: 0,
};

/** @throws SyntaxError for what is no JSON object */
export function readHclJson(text: string): HclBody {
  const document: unknown = JSON.parse(text);
  if (!isObject(document)) throw new SyntaxError('a JSON template is an object');
  return bodyOf(document);
}

/** The body that an object stands for. */
export function bodyOf(object: Readonly<Record<string, unknown>>): HclBody {
  const attributes = new Map<string, string>();
  const blocks: HclBlock[] = [];
  for (const [name, value] of Object.entries(object)) {
    const count = labelled[name];
    const inner = count === undefined ? [] : blocksOf(name, value, count);
    if (inner.length > 0) blocks.push(...inner);
    else if (!name.startsWith('//')) attributes.set(name, JSON.stringify(value));
  }
  return { attributes, blocks };
}

/** Empty where the value is none of blocks, such as the text in `"source": "files/"`. */
function blocksOf(type: string, value: unknown, labels: number, given: readonly string[] = []): HclBlock[] {
  if (Array.isArray(value)) return value.flatMap((each: unknown) => blocksOf(type, each, labels, given));
  if (!isObject(value)) return [];
  if (labels === 0) return [{ type, labels: given, body: bodyOf(value) }];
  return Object.entries(value).flatMap(([label, inner]) => {
    // In a build a source has one label that says both, `null.web`.
    const left = type === 'source' && label.includes('.') ? 0 : labels - 1;
    return blocksOf(type, inner, left, [...given, label]);
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
