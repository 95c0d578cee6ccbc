/** The fast loops over results: a WebAssembly module with SIMD, made of kernel/*.ts when the task is built. */

/** The module's bytes in base 64: put in by the build (scripts/kernel.ts), not there when the sources are run as they are. */
declare const analysisKernel: string | undefined;

/** What is needed of the runtime's WebAssembly, which Node's types leave out. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => KernelModule;
  Instance: new (module: KernelModule) => { readonly exports: unknown };
  validate: (bytes: Uint8Array) => boolean;
};

/** A compiled module. */
export type KernelModule = object;

/** The places of kernel/layout.ts that are used from outside. */
const places = [
  'text',
  'textSize',
  'ends',
  'rows',
  'progress',
  'batchSize',
  'batch',
  'failuresTaken',
  'failureCount',
  'nameLimit',
  'labelNames',
  'threadNames',
  'failureTexts',
  'latest',
  'decided',
  'lines',
  'exactLimit',
  'settled',
  'timePages',
  'blockLimit',
  'lineFirst',
  'lineLast',
  'lineBytes',
  'lineSent',
  'lineElapsed',
  'lineLatency',
  'lineConnect',
  'lineFailed',
  'lineClosed',
  'lineEarlier',
  'blockFirst',
  'blockLast',
  'blockBytes',
  'blockThreads',
  'blockLengths',
  'blockWritten',
  'xmlNames',
] as const;

/** The functions of the module: see kernel/scan.ts, kernel/xml.ts, kernel/count.ts and kernel/blocks.ts. */
interface KernelFunctions {
  index(from: number, to: number, separator: number): void;
  columns(width: number, ...columns: readonly number[]): void;
  parse(first: number, count: number): void;
  takeXml(from: number, fill: number): number;
  xmlRows(): number;
  reset(): void;
  place(start: number, block: number, bits: number, classes: number): void;
  firstBlock(): number;
  lastBlock(): number;
  finish(line: number): void;
  written(block: number): number;
  settle(line: number): void;
  warmUp(end: number): void;
  leftOut(): number;
  assume(latest: number): void;
  makeLine(label: number, transaction: number): number;
  take(first: number, count: number): number;
  reason(): number;
}

/** One instance, with a memory of its own. */
export interface Kernel {
  readonly run: KernelFunctions;
  readonly buffer: ArrayBuffer;
  readonly at: Readonly<Record<(typeof places)[number], number>>;
}

/** Compiles a module. @returns undefined where the machine has no SIMD in WebAssembly */
export function compileKernel(bytes: Uint8Array): KernelModule | undefined {
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined;
  return new WebAssembly.Module(bytes);
}

let bundled: { readonly module: KernelModule | undefined } | undefined;

/** The module that stands in the task's bundle, undefined where there is none or the machine cannot run it. */
export function bundledKernel(): KernelModule | undefined {
  bundled ??= {
    module:
      typeof analysisKernel === 'undefined'
        ? undefined
        : compileKernel(Buffer.from(analysisKernel, 'base64')),
  };
  return bundled.module;
}

/** Makes an instance. */
export function startKernel(module: KernelModule): Kernel {
  const exports = new WebAssembly.Instance(module).exports as KernelFunctions & {
    readonly memory: { readonly buffer: ArrayBuffer };
  } & Readonly<Record<(typeof places)[number], { readonly value: number }>>;
  const at = Object.fromEntries(places.map(place => [place, exports[place].value]));
  return {
    run: exports,
    buffer: exports.memory.buffer,
    at: at as Kernel['at'],
  };
}
