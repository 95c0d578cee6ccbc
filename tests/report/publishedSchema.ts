/** Holds reports and parts against the published JSON Schema, as a reader that is not ours would. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { repositoryRoot } from '../../scripts/tasks.js';
import type { ReleaseReport, ReportPart } from '../../shared/report/format.js';

const id = 'release-report';
const schema = JSON.parse(
  readFileSync(join(repositoryRoot, 'docs', 'release-report.schema.json'), 'utf8'),
) as object;
// Dates are held to the schema's patterns.
const ajv = new Ajv2020({ allErrors: true, validateFormats: false, schemas: { [id]: schema } });

/** @throws AssertionError with all that is not as the schema has it */
export function checkReport(value: unknown): asserts value is ReleaseReport {
  check(value, id);
}

/** See {@link checkReport}; for what one step leaves. */
export function checkPart(value: unknown): asserts value is ReportPart {
  check(value, `${id}#/$defs/part`);
}

function check(value: unknown, reference: string): void {
  const validate = ajv.getSchema(reference);
  assert.ok(validate !== undefined, reference);
  assert.ok(validate(value) === true, ajv.errorsText(validate.errors));
}
