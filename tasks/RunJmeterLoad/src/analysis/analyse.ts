/** Reads JMeter's results in one pass and constant memory. */
import { createReadStream } from 'node:fs';
import { createJtlReader } from './reader.js';
import type { AnalysisOptions, JtlAnalysis } from './statistics.js';

/** Takes results as they come. */
export interface Analyser {
  /** @param bytes the next piece of the file, of any length; they are not kept */
  push(bytes: Uint8Array): void;
  /** What there is so far, as a copy of its own: `merge`, `Histogram.since` and `serialise` work with it. */
  snapshot(): JtlAnalysis;
  /**
   * What there was, when nothing more comes.
   * @throws UserError when the file is empty, or begins neither with JMeter's columns nor with its XML
   */
  end(): JtlAnalysis;
}

/**
 * Makes an analyser of results in CSV (header or not, columns in any order, any separator of one byte) or XML, told apart by
 * their first bytes.
 */
export function createAnalyser(options: AnalysisOptions = {}): Analyser {
  return createJtlReader(options);
}

/**
 * Analyses a results file, also one that is compressed by gzip.
 * @throws UserError when it is empty, or begins neither with JMeter's columns nor with its XML
 */
export async function analyse(path: string, options: AnalysisOptions = {}): Promise<JtlAnalysis> {
  const analyser = createAnalyser(options);
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    analyser.push(piece as Buffer);
  return analyser.end();
}
