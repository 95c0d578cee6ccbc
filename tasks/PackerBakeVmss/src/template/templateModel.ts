/** What a template says before it is built: its sources, provisioners and post-processors, with the values that Packer works out for them. */

/** One value: as Packer works it out now, or only as it is written where it is known while building at the earliest. */
export interface TemplateValue {
  /** As written in the template: an HCL expression, or the JSON text with its `{{…}}`. */
  readonly expression: string;
  /** Whether {@link value} is what the build will see. */
  readonly known: boolean;
  /** Text, number, boolean, list or object; undefined where it is not known. */
  readonly value: unknown;
}

/** The body of a block: its options, and the blocks in it by their type (`shared_image_gallery_destination`, `plan`). */
export interface TemplateBody {
  readonly options: ReadonlyMap<string, TemplateValue>;
  readonly blocks: ReadonlyMap<string, readonly TemplateBody[]>;
}

/** A source (JSON: builder), provisioner or post-processor. */
export interface TemplateBlock extends TemplateBody {
  /** Such as `azure-arm`, `shell`, `manifest`. */
  readonly type: string;
  /** A source's name as Packer's output has it, such as `azure-arm.web`; empty for the others. */
  readonly name: string;
}

/** A template as a whole, without what `only` and `except` leave out. */
export interface TemplateModel {
  /** The files that make up the template, variable files that Packer reads by itself (`*.auto.pkrvars.hcl`) among them. */
  readonly files: readonly string[];
  readonly sources: readonly TemplateBlock[];
  readonly provisioners: readonly TemplateBlock[];
  readonly postProcessors: readonly TemplateBlock[];
  /** By name; the value is undefined for a sensitive one. */
  readonly variables: ReadonlyMap<string, { readonly value: unknown; readonly sensitive: boolean }>;
}
