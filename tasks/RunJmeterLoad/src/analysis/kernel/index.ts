/** The module that the fast reading of results is made of: see docs/adr/0022. Built by scripts/kernel.ts. */
export * from './layout';
export { index } from './scan';
export { columns } from './columns';
export { parse } from './records';
export { finish, firstBlock, lastBlock, place, settle, written } from './blocks';
export { assume, leftOut, makeLine, reason, reset, take, warmUp } from './count';
export { takeXml, xmlNames, xmlRows } from './xml';
