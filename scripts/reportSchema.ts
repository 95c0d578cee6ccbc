/** The release report's format as a JSON Schema, for readers that are not ours. */
import { format } from 'prettier';
import * as z from 'zod';
import * as bodies from '../shared/report/bodies.js';
import { releaseReport, reportPart, reportRun, reportVersion } from '../shared/report/format.js';

/** The text of docs/release-report.schema.json. What a later version only adds is allowed: older schemas hold for newer reports. */
export async function reportSchema(): Promise<string> {
  const names = z.registry<{ readonly id: string }>();
  for (const [id, schema] of Object.entries({ ...bodies, part: reportPart, run: reportRun }))
    names.add(schema, { id });
  const { $schema, ...schema } = z.toJSONSchema(releaseReport, { metadata: names, io: 'input' });
  const whole = {
    $schema,
    title: `Bake & Roll release report, version ${reportVersion}`,
    description: 'release-report.json; #/$defs/part is what each step leaves as an attachment of the run.',
    ...schema,
  };
  return format(JSON.stringify(whole), { parser: 'json', printWidth: 110 });
}
