/** What a task tells its part of the release report while it goes on. */
import type { BodyOf } from './format.js';
import type { TaskName } from './names.js';

/** A body, and the pictures that it names. */
export type ReportContent = {
  readonly [Task in TaskName]: {
    readonly task: Task;
    readonly body: BodyOf<Task>;
    readonly pictures?: readonly ReportPicture[];
  };
}[TaskName];

/** A picture's file; `name` is what the body calls it. */
export interface ReportPicture {
  readonly name: string;
  readonly path: string;
}
