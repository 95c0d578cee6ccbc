/** What the texts of a sample's fields say. */
import type { Failure } from './collection.js';
import type { ErrorKind } from './statistics.js';

const transactionMessage = 'Number of samples in transaction : ';

/**
 * What failed, from the fields that tell. Assertions run on an answer that is an error, too, and where there was none: then not what
 * they say is why the sample failed, but the answer.
 */
export function failureOf(responseCode: string, responseMessage: string, failureMessage: string): Failure {
  const kind = kindOf(responseCode, failureMessage);
  const answer = `${responseCode} ${responseMessage}`.trim();
  const texts = kind === 'assertion' ? [failureMessage, answer] : [answer, failureMessage];
  return { kind, message: texts.find(text => text !== '') ?? '' };
}

/** So many failures are known by their texts. */
const knownLimit = 1000;

/** `failureOf`, with one object for failures that are the same: those are counted faster, and nothing is kept of each. */
export function knownFailures(): typeof failureOf {
  const known = new Map<string, Failure>();
  return (responseCode, responseMessage, failureMessage) => {
    // With lengths, so that texts that are divided otherwise are others.
    const key = `${responseCode.length} ${responseMessage.length} ${responseCode}${responseMessage}${failureMessage}`;
    let failure = known.get(key);
    if (failure === undefined) {
      if (known.size >= knownLimit) known.clear();
      known.set(key, (failure = failureOf(responseCode, responseMessage, failureMessage)));
    }
    return failure;
  };
}

/** The kind of a failed sample. Where there was no answer JMeter writes `Non HTTP response code: …`, and runs the assertions all the same. */
function kindOf(responseCode: string, failureMessage: string): ErrorKind {
  if (/^\d+$/.test(responseCode)) return Number(responseCode) >= 400 ? 'response' : 'assertion';
  return failureMessage === '' || responseCode.startsWith('Non HTTP response') ? 'transport' : 'assertion';
}

/** Reads the message that a transaction controller gives its own samples; undefined when it is another. */
export function samplesInTransaction(responseMessage: string): number | undefined {
  if (!responseMessage.startsWith(transactionMessage)) return undefined;
  const count = Number.parseInt(responseMessage.slice(transactionMessage.length), 10);
  return Number.isNaN(count) ? undefined : count;
}

/** A whole number of at most 15 digits, undefined for any other text. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
