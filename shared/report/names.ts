/** What the release report's parts are called: free of the schemas, for whoever only writes or finds them. */

/** The attachment type of a part; its name is {@link partName}. */
export const partAttachment = 'bake-and-roll.report-part';
/** The attachment type of a picture that a part names; the attachment's name is the picture's. */
export const pictureAttachment = 'bake-and-roll.report-picture';
/** A change that an older reader would misread makes a new version; what is only added does not. */
export const reportVersion = 1;
/** A whole report's file, and the artifact that holds the reports of jobs. */
export const reportFile = 'release-report.json';
export const reportArtifact = 'release-report';

/** The tasks that leave parts. */
export const taskNames = [
  'PackerBakeVmss',
  'PatchArmImageUri',
  'DeployVmssImage',
  'RunSeleniumSmoke',
  'RunJmeterLoad',
] as const;
export type TaskName = (typeof taskNames)[number];

/** What tells a part from all others of its run. */
interface PartKey {
  readonly task: string;
  readonly startedAt: string;
  readonly step: {
    readonly id: string;
    readonly stage: string;
    readonly job: string;
    readonly stageAttempt: number;
    readonly jobAttempt: number;
  };
}

/**
 * A name that no other part of the run has, though a step is retried or jobs of a matrix share its id; without characters that a
 * file name cannot hold.
 */
export function partKey({ task, step, startedAt }: PartKey): string {
  return [
    task,
    step.stage.slice(0, 30),
    step.job.slice(0, 30),
    step.stageAttempt,
    step.jobAttempt,
    step.id.slice(0, 40),
    Date.parse(startedAt).toString(36),
  ]
    .map(part => fileName(String(part)))
    .join('-');
}

/** The attachment's name of a part. */
export function partName(part: PartKey): string {
  return `${partKey(part)}.json`;
}

/** Text as a part of a file's name. */
export function fileName(text: string): string {
  return text.replace(/[^\w.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || '_';
}
