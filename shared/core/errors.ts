/** The errors a task can end with, and the one place that turns them into prose. */

/** Something the pipeline author can mend: what is wrong, where, and what to do next. Shown without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Several problems of one kind of input, told at once. */
export class ProblemsError extends UserError {
  /**
   * @param headline what the problems are about, a sentence without a full stop
   * @param problems one sentence each, at least one
   */
  constructor(
    headline: string,
    readonly problems: readonly string[],
  ) {
    super(problems.length === 1 ? `${headline}: ${problems[0] ?? ''}` : `${headline}:\n${bullets(problems)}`);
  }
}

/** A tool that ended badly: its name, its exit code and the last lines it said. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  /**
   * @param tool the tool's name as people know it
   * @param exitCode its exit code, undefined when a signal ended it
   * @param lastLines what it last said, already free of colour codes and secrets
   */
  constructor(
    message: string,
    readonly tool: string,
    readonly exitCode: number | undefined,
    readonly lastLines: readonly string[],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One error of Azure's, with the errors inside it. */
export interface AzureErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details: readonly AzureErrorDetail[];
}

/** A request that Azure refused or an operation that failed there. */
export class AzureError extends Error {
  override readonly name = 'AzureError';
  /**
   * @param doing what was being done, as in "deploying 'web'"
   * @param detail Azure's own error, un-nested
   * @param status HTTP status of the refusing answer, where there was one
   * @param requestId Azure's `x-ms-request-id` or correlation id, for a support request
   */
  constructor(
    readonly doing: string,
    readonly detail: AzureErrorDetail,
    readonly status?: number,
    readonly requestId?: string,
    options?: ErrorOptions,
  ) {
    super(`Azure refused ${doing}: ${detail.code}: ${detail.message}`, options);
  }
}

/** The task was stopped from outside: by the agent's signal or by its own deadline. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/**
 * Turns any error into the paragraph that a person reads in the log of a failed step.
 * An error that is none of ours is a fault in the task and says so; its stack goes to the debug log, not here.
 */
export function describe(error: unknown): string {
  if (error instanceof AzureError) return describeAzure(error);
  if (error instanceof ToolError) {
    if (error.lastLines.length === 0) return error.message;
    return `${error.message}\nIts last lines were:\n${error.lastLines.map(line => `  ${line}`).join('\n')}`;
  }
  if (error instanceof UserError || error instanceof CancelledError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
    return `A disk of this agent is full: ${message}. Free space there, or give the agent's work folder a larger one.`;
  return `Unexpected error, probably a fault in this task: ${message}\nRun the pipeline with System.Debug=true to see where it came from.`;
}

function describeAzure(error: AzureError): string {
  const lines = [`Azure refused ${error.doing}.`, ...tree(error.detail, 0)];
  if (lacksPermission(error.detail))
    lines.push(
      "The service connection's identity lacks that permission: give it a role with this action at that scope (the actions that each task needs are in docs/permissions.md). A role that was assigned just now works after some minutes.",
    );
  if (error.requestId !== undefined) lines.push(`Azure request id: ${error.requestId}`);
  return lines.join('\n');
}

function lacksPermission({ code, message, details }: AzureErrorDetail): boolean {
  return (
    /^(Linked)?AuthorizationFailed$/i.test(code) ||
    /does not have (authorization|permission) to perform action/i.test(message) ||
    details.some(lacksPermission)
  );
}

function tree(detail: AzureErrorDetail, depth: number): string[] {
  const target = detail.target === undefined || detail.target === '' ? '' : ` (${detail.target})`;
  const own = `${'  '.repeat(depth)}${detail.code}${target}: ${detail.message}`;
  return [own, ...detail.details.flatMap(inner => tree(inner, depth + 1))];
}

function bullets(lines: readonly string[]): string {
  return lines.map(line => `  - ${line}`).join('\n');
}
