/** Looks up what stands in the texts of records: names, failures, transactions. Its twin in TypeScript is csvScanner.ts. */
import { atCode, atFailure, atLabel, atMessage, atThread, atUrl, endOf, offsets, startOf } from './columns';
import { find, messageLength, same, transactionMessage } from './fields';
import {
  batch,
  failureTexts,
  labelNames,
  rowCode,
  rowFailure,
  rowFields,
  rowKind,
  rowLabel,
  rowMessage,
  rowSize,
  rowThread,
  text,
  threadNames,
} from './layout';

const quote: u8 = 34;
const wordNull: u32 = 0x6c6c756e;
const capitalN: u8 = 78;

/** Of `rowKind`. */
export const sample: i32 = 0;
const transaction: i32 = 1;
const emptyTransaction: i32 = 2;
export const byHand: i32 = 3;
/** Added to the first three. */
export const failed: i32 = 4;

/** Looks up names, and tells what is a transaction. Without a column of threads all records have the name without a letter. */
export function readTexts(count: i32): void {
  const labelColumn = load<i32>(offsets, atLabel);
  const threadColumn = load<i32>(offsets, atThread);
  const messageColumn = load<i32>(offsets, atMessage);
  for (let row = 0; row < count; row += 1) {
    const record: usize = batch + row * rowSize;
    if (load<i32>(record, rowKind) === byHand) {
      store<i32>(record, -1, rowLabel);
      store<i32>(record, -1, rowThread);
      continue;
    }
    const fields: usize = load<i32>(record, rowFields);
    const label: usize = text + startOf(fields, labelColumn);
    const threadless = threadColumn < 0;
    const thread: usize = threadless ? text : text + startOf(fields, threadColumn);
    const threadEnd: usize = threadless ? text : text + endOf(fields, threadColumn);
    store<i32>(record, find(labelNames, label, text + endOf(fields, labelColumn)), rowLabel);
    store<i32>(record, find(threadNames, thread, threadEnd), rowThread);
    if (load<i32>(record, rowKind) === failed) {
      store<i32>(record, textNumber(fields, load<i32>(offsets, atCode)), rowCode);
      store<i32>(record, textNumber(fields, messageColumn), rowMessage);
      store<i32>(record, textNumber(fields, load<i32>(offsets, atFailure)), rowFailure);
    }
    if (messageColumn < 0) continue;
    const message: usize = text + startOf(fields, messageColumn);
    const opening = load<u8>(message) === quote ? 1 : 0;
    if (load<u8>(message + opening) === capitalN) {
      const kind = kindOf(fields, message + opening, text + endOf(fields, messageColumn));
      store<i32>(record, kind === byHand ? byHand : kind | load<i32>(record, rowKind), rowKind);
    }
  }
}

/** The number of a text of a failed sample, of the text without a letter when the file does not have the column. */
function textNumber(fields: usize, column: i32): i32 {
  if (column < 0) return find(failureTexts, text, text);
  return find(failureTexts, text + startOf(fields, column), text + endOf(fields, column));
}

/** The kind of a record whose message, from its first letter, may be a transaction controller's. */
function kindOf(fields: usize, message: usize, messageEnd: usize): i32 {
  const urlColumn = load<i32>(offsets, atUrl);
  if (urlColumn >= 0) {
    // A request has a URL: a site cannot hide one by answering with a transaction's message.
    const url: usize = text + startOf(fields, urlColumn);
    if (load<u8>(url) === quote) return byHand;
    if (i32(text + endOf(fields, urlColumn) - url) !== 4 || load<u32>(url) !== wordNull) return sample;
  }
  if (messageEnd <= message + messageLength || !same(message, transactionMessage, messageLength))
    return sample;
  const count = message + messageLength;
  const digit = load<u8>(count) - 48;
  if (digit > 9) return byHand;
  if (digit > 0) return transaction;
  return count + 1 < messageEnd && u8(load<u8>(count + 1) - 48) <= 9 ? byHand : emptyTransaction;
}
