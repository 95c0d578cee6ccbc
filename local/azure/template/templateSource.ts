/** Where things stand in the text of a request, for the line information in Azure's refusals. */
import type { TemplateLocation } from './templateError.js';
import { nowhere } from './templateError.js';

/** Tells where a path below the template stands, such as `['parameters', 'size']`. */
export type TemplateSource = (path: readonly (string | number)[]) => TemplateLocation;

/** The source to use when the request's text is not at hand. */
export const unknownSource: TemplateSource = () => nowhere;
