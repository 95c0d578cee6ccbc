/** What samples are read and counted by: the kernel where the machine can run it, else plain TypeScript. The results are the same. */
import type { Collection } from './collection.js';
import { unquote, type CsvLayout } from './csvColumns.js';
import { createCsvReader, type CsvReader, type RecordReader } from './csvReader.js';
import { plainScanner, type CsvScanner } from './csvScanner.js';
import { decodeEntities } from './entities.js';
import { startKernel, type Kernel, type KernelModule } from './kernel.js';
import { kernelMemory, kernelSink } from './kernelSink.js';
import { plainMemory, plainSink } from './sampleSink.js';
import { plainXmlLoops, type XmlLoops } from './xmlLoops.js';
import { createXmlReader } from './xmlReader.js';

/** Makes a reader of CSV. @param module undefined for plain TypeScript */
export function csvReader(
  layout: CsvLayout,
  collection: Collection,
  module: KernelModule | undefined,
): CsvReader {
  if (module === undefined) {
    const memory = plainMemory();
    const sink = plainSink(collection, unquote, memory);
    return createCsvReader(layout, sink, plainScanner(layout, memory), collection);
  }
  const kernel = startKernel(module);
  const sink = kernelSink(kernel, kernelMemory(kernel), collection, unquote);
  return createCsvReader(layout, sink, kernelScanner(layout, kernel), collection);
}

/** Makes a reader of XML. @param module undefined for plain TypeScript */
export function xmlReader(collection: Collection, module: KernelModule | undefined): RecordReader {
  if (module === undefined) {
    const sink = plainSink(collection, decodeEntities);
    return createXmlReader(plainXmlLoops(sink), sink, collection);
  }
  const kernel = startKernel(module);
  const sink = kernelSink(kernel, kernelMemory(kernel), collection, decodeEntities);
  return createXmlReader(kernelXmlLoops(kernel), sink, collection);
}

function kernelXmlLoops({ run, buffer, at }: Kernel): XmlLoops {
  return {
    text: Buffer.from(buffer, at.text, at.textSize),
    names: new Int32Array(buffer, at.xmlNames, at.batchSize * 4),
    take: (from, fill) => run.takeXml(from, fill),
    rows: () => run.xmlRows(),
  };
}

function kernelScanner({ separator, width, columns: places }: CsvLayout, kernel: Kernel): CsvScanner {
  const { buffer, at } = kernel;
  const ends = new Int32Array(buffer, at.ends, at.textSize + 2);
  ends[0] = -1;
  kernel.run.columns(
    width,
    places.timeStamp,
    places.elapsed,
    places.label,
    places.success,
    places.responseCode,
    places.responseMessage,
    places.failureMessage,
    places.threadName,
    places.bytes,
    places.sentBytes,
    places.allThreads,
    places.URL,
    places.Latency,
    places.Connect,
  );
  return {
    text: {
      bytes: Buffer.from(buffer, at.text, at.textSize),
      ends,
      rows: new Int32Array(buffer, at.rows, at.textSize + 1),
      progress: new Int32Array(buffer, at.progress, 4),
    },
    index(from, to) {
      kernel.run.index(from, to, separator);
    },
    parse(first, count) {
      kernel.run.parse(first, count);
    },
  };
}
