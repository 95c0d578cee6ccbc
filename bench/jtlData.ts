/** Makes results as JMeter writes them, the same ones each time, and what is true of them. */
import { closeSync, openSync, writeSync } from 'node:fs';

/** What is true of a label of the made results, times sorted. */
export interface Truth {
  samples: number;
  errors: number;
  bytes: number;
  readonly times: Map<number, number>;
}

const labels = [
  ...Array.from({ length: 16 }, (_, index) => `GET /shop/item-${index}`),
  'GET /search?a=1,b=2',
  'POST /basket, "gift"',
  'GET /straße',
];
const transactions = ['Buy', 'Browse', 'Sign in'];
const firstStart = 1_700_000_000_000;

/**
 * Writes results in the default columns of JMeter 5, or in its XML: 22 labels, three of them transaction controllers, labels with
 * commas, quotes and no ASCII, messages with line ends and quotes, times out of order with a heavy tail, 0.8 % errors.
 * @returns by label
 */
export function writeResults(path: string, samples: number, format: 'csv' | 'xml'): Map<string, Truth> {
  const truth = new Map<string, Truth>();
  const random = randomNumbers(42);
  const file = openSync(path, 'w');
  let text =
    format === 'csv'
      ? 'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n'
      : '<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n';
  for (let index = 0; index < samples; index += 1) {
    const thread = Math.floor(random() * 50);
    const inTransaction = index > 100 && random() < 0.1;
    const label = inTransaction
      ? (transactions[Math.floor(random() * transactions.length)] ?? '')
      : (labels[Math.floor(random() ** 2 * labels.length)] ?? '');
    const elapsed = Math.floor(20 + Math.exp(3 + 1.1 * normal(random)));
    const failed = random() < 0.008;
    const bytes = 400 + Math.floor(random() * 20_000);
    // A transaction began before the latest sample of its thread.
    const start =
      firstStart + Math.floor(index / 2) + Math.floor(random() * 50) - (inTransaction ? 60_000 : 0);
    const latency = Math.floor(elapsed * 0.8);
    const sample = { start, elapsed, label, thread, failed, bytes, latency, inTransaction, index };
    text += format === 'csv' ? csvOf(sample) : xmlOf(sample);
    const known = truth.get(label) ?? { samples: 0, errors: 0, bytes: 0, times: new Map<number, number>() };
    truth.set(label, known);
    known.samples += 1;
    known.errors += failed ? 1 : 0;
    known.bytes += bytes;
    known.times.set(elapsed, (known.times.get(elapsed) ?? 0) + 1);
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, format === 'csv' ? text : `${text}</testResults>\n`);
  closeSync(file);
  return truth;
}

/** The time of this rank: the smallest that at least so many percent of all do not exceed. */
export function truePercentile({ samples, times }: Truth, percent: number): number {
  let rank = Math.ceil((percent * samples) / 100);
  for (const [time, count] of [...times].sort(([a], [b]) => a - b)) {
    rank -= count;
    if (rank <= 0) return time;
  }
  return Number.NaN;
}

interface MadeSample {
  readonly start: number;
  readonly elapsed: number;
  readonly label: string;
  readonly thread: number;
  readonly failed: boolean;
  readonly bytes: number;
  readonly latency: number;
  readonly inTransaction: boolean;
  readonly index: number;
}

function messagesOf({ failed, inTransaction, index }: MadeSample) {
  const tail = failed ? 1 : 0;
  return {
    code: failed && index % 2 === 0 ? '503' : '200',
    response: inTransaction
      ? `Number of samples in transaction : 3, number of failing samples : ${tail}`
      : 'OK',
    failure: failed && index % 2 === 1 ? 'Test failed:\ntext expected to contain "welcome"' : '',
  };
}

function csvOf(sample: MadeSample): string {
  const { code, response, failure } = messagesOf(sample);
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const url = sample.inTransaction ? 'null' : 'https://www.shop.example/catalogue/item/4711';
  return `${sample.start},${sample.elapsed},${cell(sample.label)},${code},${cell(response)},Shoppers 1-${sample.thread},text,${!sample.failed},${cell(failure)},${sample.bytes},250,50,50,${url},${sample.latency},0,3\n`;
}

function xmlOf(sample: MadeSample): string {
  const { code, response, failure } = messagesOf(sample);
  const escape = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  const name = sample.inTransaction ? 'sample' : 'httpSample';
  const open = `<${name} t="${sample.elapsed}" it="0" lt="${sample.latency}" ct="3" ts="${sample.start}" s="${!sample.failed}" lb="${escape(sample.label)}" rc="${code}" rm="${response}" tn="Shoppers 1-${sample.thread}" dt="text" by="${sample.bytes}" sby="250" ng="50" na="50"`;
  if (sample.inTransaction) return `${open}/>\n`;
  const assertion =
    failure === ''
      ? ''
      : `  <assertionResult>\n    <name>Welcome</name>\n    <failure>true</failure>\n    <error>false</error>\n    <failureMessage>${escape(failure)}</failureMessage>\n  </assertionResult>\n`;
  return `${open}>\n${assertion}  <java.net.URL>https://www.shop.example/catalogue/item/4711</java.net.URL>\n</${name}>\n`;
}

/** Numbers from 0 to 1, the same for each seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
