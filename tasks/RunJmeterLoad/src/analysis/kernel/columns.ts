/** Which column of the file is where. */

/**
 * Where columns stand among the fields of a record, in bytes, i32: in memory, so that loops keep what they need of it in registers. Numbers that
 * the file does not have are read where elapsed times are and left out again; of texts that it does not have this is -1.
 */
export const offsets: usize = memory.data(56, 16);
export const atStart: i32 = 0;
export const atElapsed: i32 = 4;
export const atLatency: i32 = 8;
export const atConnect: i32 = 12;
export const atBytes: i32 = 16;
export const atSentBytes: i32 = 20;
export const atActive: i32 = 24;
export const atSuccess: i32 = 28;
export const atLabel: i32 = 32;
export const atThread: i32 = 36;
export const atCode: i32 = 40;
export const atMessage: i32 = 44;
export const atFailure: i32 = 48;
export const atUrl: i32 = 52;

/** Ones for the numbers that the file has, in the order of a row. */
export const presentNumbers: usize = memory.data(32, 16);

let width: i32 = 0;

/** How many fields a record has. */
export function fieldCount(): i32 {
  return width;
}

/** Says which column is where, -1 for one that the file does not have. */
export function columns(
  all: i32,
  timeStamp: i32,
  elapsed: i32,
  label: i32,
  success: i32,
  responseCode: i32,
  responseMessage: i32,
  failureMessage: i32,
  threadName: i32,
  bytes: i32,
  sentBytes: i32,
  allThreads: i32,
  url: i32,
  latency: i32,
  connect: i32,
): void {
  width = all;
  setOffset(atStart, timeStamp);
  setOffset(atElapsed, elapsed);
  setOffset(atLatency, latency < 0 ? elapsed : latency);
  setOffset(atConnect, connect < 0 ? elapsed : connect);
  setOffset(atBytes, bytes < 0 ? elapsed : bytes);
  setOffset(atSentBytes, sentBytes < 0 ? elapsed : sentBytes);
  setOffset(atActive, allThreads < 0 ? elapsed : allThreads);
  setOffset(atSuccess, success);
  setOffset(atLabel, label);
  setOffset(atThread, threadName);
  setOffset(atCode, responseCode);
  setOffset(atMessage, responseMessage);
  setOffset(atFailure, failureMessage);
  setOffset(atUrl, url);
  v128.store(presentNumbers, i32x4(-1, there(latency), there(connect), there(bytes)));
  v128.store(presentNumbers, i32x4(there(sentBytes), there(allThreads), 0, 0), 16);
}

function setOffset(place: i32, column: i32): void {
  store<i32>(offsets + place, column < 0 ? -1 : column << 2);
}

function there(column: i32): i32 {
  return column < 0 ? 0 : -1;
}

/** Where a field of a record begins and ends in the text. @param fields where the record's ends are @param offset of its column */
export function startOf(fields: usize, offset: i32): i32 {
  return load<i32>(fields + offset) + 1;
}
export function endOf(fields: usize, offset: i32): i32 {
  return load<i32>(fields + offset, 4);
}
