/** What Azure says of a template it refuses. */

/** Where something stands in the request's text; zeros where the text is not known, as Azure has it. */
export interface TemplateLocation {
  readonly lineNumber: number;
  readonly linePosition: number;
  readonly path: string;
}

/** One entry of `additionalInfo`. */
export interface TemplateViolation {
  readonly type: 'TemplateViolation';
  readonly info: TemplateLocation;
}

/** The inner errors of a refusal. */
export interface TemplateErrorDetail {
  readonly code: string;
  readonly target: string;
  readonly message: string;
}

/** Where nothing is known. */
export const nowhere: TemplateLocation = { lineNumber: 0, linePosition: 0, path: '' };

/** A template, its parameters or an expression that Azure would refuse; `body()` is the error object of the answer. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly code: string;
  readonly target: string | undefined;
  readonly additionalInfo: readonly TemplateViolation[] | undefined;
  readonly details: readonly TemplateErrorDetail[] | undefined;

  constructor(
    code: string,
    message: string,
    more: {
      readonly target?: string;
      readonly location?: TemplateLocation;
      readonly details?: readonly TemplateErrorDetail[];
    } = {},
  ) {
    super(message);
    this.code = code;
    this.target = more.target;
    this.details = more.details;
    this.additionalInfo =
      more.location === undefined ? undefined : [{ type: 'TemplateViolation', info: more.location }];
  }

  /** The value of `error` in the answer. */
  body(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      ...(this.target === undefined ? {} : { target: this.target }),
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.additionalInfo === undefined ? {} : { additionalInfo: this.additionalInfo }),
    };
  }
}

/** An expression that cannot be parsed or evaluated; whoever knows where it stands makes a `TemplateError` of it. */
export class ExpressionError extends Error {
  override readonly name: string = 'ExpressionError';
}

/** An expression that breaks the grammar. */
export class ExpressionSyntaxError extends ExpressionError {
  override readonly name = 'ExpressionSyntaxError';
}

/** An expression that can only be evaluated later: it reads a deployed resource, or the index of a loop not yet unrolled. */
export class Deferred extends Error {
  override readonly name = 'Deferred';
}

/** `Deployment template validation failed: '…'.` */
export function validationFailed(message: string, location: TemplateLocation = nowhere): TemplateError {
  return new TemplateError('InvalidTemplate', `Deployment template validation failed: '${message}'.`, {
    location,
  });
}

/** A refusal to evaluate, turned into the wording of its place; anything but an `ExpressionError` stays what it is. */
export function inPlace(error: unknown, word: (message: string) => TemplateError): unknown {
  if (error instanceof ExpressionSyntaxError) {
    return new TemplateError(
      'InvalidTemplate',
      `Deployment template language expression evaluation failed: '${error.message}'.`,
      { location: nowhere },
    );
  }
  return error instanceof ExpressionError ? word(error.message) : error;
}
