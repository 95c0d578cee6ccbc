/** The release report's parts of a run of the local agent, checked against the format. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../local/agent/record/record.js';
import { partAttachment, reportPart, type ReportPart } from '../../shared/report/format.js';

/** In the order in which the steps left them. */
export function partsOf({ record, out }: { readonly record: RunRecord; readonly out: string }): ReportPart[] {
  return record.stages
    .flatMap(stage => stage.jobs)
    .flatMap(job => job.steps)
    .flatMap(step => step.attachments)
    .filter(({ type }) => type === partAttachment)
    .map(({ path }) => reportPart.parse(JSON.parse(readFileSync(join(out, path), 'utf8'))));
}
