/** Makes one step's part of the release report. Pure. */
import { boundContent, cleanText, cutText } from './bounds.js';
import type { ReportContent } from './content.js';
import type { ReportPart } from './format.js';
import { partKey, reportVersion, type TaskName } from './names.js';

/** A pipeline variable, undefined when it is not set. */
export type Variable = (name: string) => string | undefined;

/** A step that ends. */
export interface EndedStep {
  readonly task: { readonly name: TaskName; readonly version: string };
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly result: ReportPart['result'];
  readonly message: string;
  readonly warnings: readonly string[];
  /** What it told; undefined when it ended before it knew anything. */
  readonly content: ReportContent | undefined;
}

const mostWarnings = 10;
const longestWarning = 500;

/**
 * The part, bounded and masked.
 * @param pictures the names that the report has for pictures of the content, by those that the content gives them: a picture that is not
 *   among them is not named any more
 */
export function makePart(
  ended: EndedStep,
  pictures: ReadonlyMap<string, string>,
  variable: Variable,
  mask: (text: string) => string,
): ReportPart {
  const { task, content } = ended;
  const text = (from: string, limit?: number) => cutText(cleanText(mask(from)), limit);
  return {
    schemaVersion: reportVersion,
    taskVersion: task.version,
    task: task.name,
    step: stepOf(variable, text),
    startedAt: new Date(ended.startedAt).toISOString(),
    finishedAt: new Date(ended.finishedAt).toISOString(),
    result: ended.result,
    message: text(ended.message),
    warnings: ended.warnings.slice(0, mostWarnings).map(warning => text(warning, longestWarning)),
    body:
      content === undefined || content.task !== task.name
        ? null
        : boundContent(withPictures(content, pictures), mask).body,
    // The body is of the task that the frame names.
  } as ReportPart;
}

/** The report's names for a step's pictures start with this. */
export function pictureKey(ended: Pick<EndedStep, 'task' | 'startedAt'>, variable: Variable): string {
  const startedAt = new Date(ended.startedAt).toISOString();
  return partKey({ task: ended.task.name, startedAt, step: stepOf(variable, text => text) });
}

/** In a classic release the stage is an environment, and only it has attempts. */
function stepOf(variable: Variable, text: (from: string, limit?: number) => string): ReportPart['step'] {
  const first = (...names: readonly string[]) =>
    text(names.map(variable).find(value => value !== undefined && value !== '') ?? '', 200);
  const named = (name: string) => (name === '__default' ? '' : name);
  const attempt = (...names: readonly string[]) => {
    const value = Number(first(...names));
    return Number.isSafeInteger(value) && value >= 1 ? value : 1;
  };
  return {
    id: first('System.TaskInstanceId', 'System.TaskInstanceName'),
    displayName: first('System.TaskDisplayName', 'Task.DisplayName'),
    stage: named(first('System.StageDisplayName', 'System.StageName', 'Release.EnvironmentName')),
    job: named(first('System.JobDisplayName', 'Agent.JobName', 'System.JobName')),
    stageAttempt: attempt('System.StageAttempt', 'Release.AttemptNumber'),
    jobAttempt: attempt('System.JobAttempt'),
  };
}

function withPictures(content: ReportContent, names: ReadonlyMap<string, string>): ReportContent {
  if (content.task !== 'RunSeleniumSmoke') return content;
  const tests = content.body.tests.map(({ screenshot = '', ...test }) => {
    const name = names.get(screenshot);
    return name === undefined ? test : { ...test, screenshot: name };
  });
  return { ...content, body: { ...content.body, tests } };
}
