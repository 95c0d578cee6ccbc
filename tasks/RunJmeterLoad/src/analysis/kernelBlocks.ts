/** What the kernel has counted in blocks of a timeline. */
import { classOf } from '../timeline/classes.js';
import { timeKinds } from '../timeline/blockTimes.js';
import type { CountedBlock } from '../timeline/collectTimeline.js';
import type { Kernel } from './kernel.js';
import type { Window } from './kernelWindow.js';

/** Reads blocks from the kernel's memory. */
export interface KernelBlocks {
  /** Where the first and the last block begin that have samples, milliseconds since the epoch; undefined when none has. */
  reach(): readonly [first: number, last: number] | undefined;
  /** Has a line's blocks taken, one object for all of them, and leaves the line without any. */
  each(line: number, take: (block: CountedBlock) => void): void;
}

/** How many classes times have that are counted in the kernel. */
export function classesIn({ at }: Kernel, { bits }: Window): number {
  return classOf(at.exactLimit - 1, bits) + 1;
}

/** @param window where the kernel counts now */
export function kernelBlocks(kernel: Kernel, window: () => Window): KernelBlocks {
  const { at } = kernel;
  const numbers = new Int32Array(kernel.buffer);
  const floats = new Float64Array(kernel.buffer);
  const float = (place: number) => floats[place / 8] ?? 0;
  const number = (place: number) => numbers[place / 4] ?? 0;
  const found = {
    start: 0,
    firstStart: 0,
    lastEnd: 0,
    bytes: 0,
    threads: 0,
    written: new Uint8Array(kernel.buffer),
    ends: new Array<number>(timeKinds + 1).fill(0),
  };

  /** @param place of a block that is written */
  function blockAt(place: number, each: number): CountedBlock {
    const { start, block } = window();
    found.start = start + each * block;
    found.firstStart = float(place + at.blockFirst);
    found.lastEnd = float(place + at.blockLast);
    found.bytes = float(place + at.blockBytes);
    found.threads = number(place + at.blockThreads);
    let end = place + at.blockWritten;
    found.ends[0] = end;
    for (let kind = 0; kind < timeKinds; kind += 1) {
      end += number(place + at.blockLengths + 4 * kind);
      found.ends[kind + 1] = end;
    }
    return found;
  }

  return {
    reach() {
      const { start, block } = window();
      const first = kernel.run.firstBlock();
      const last = kernel.run.lastBlock();
      return first > last ? undefined : [start + first * block, start + last * block];
    },
    each(line, take) {
      kernel.run.finish(line);
      for (let each = kernel.run.firstBlock(); each <= kernel.run.lastBlock(); each += 1) {
        const closed = number(line + at.lineClosed + each * 4);
        const earlier = number(line + at.lineEarlier + each * 4);
        if (closed !== 0) take(blockAt(closed, each));
        if (earlier !== 0) take(blockAt(kernel.run.written(earlier), each));
      }
      kernel.run.settle(line);
    },
  };
}
