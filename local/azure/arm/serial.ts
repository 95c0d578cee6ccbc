/** Work done one after the other for each key, in parallel for different keys. */

/** How work stands to other work of its key: alone, or beside all that was begun as `beside` too. */
export type Company = 'alone' | 'beside';

/** Runs the work when all earlier work of the same key that it may not run beside has ended, however it ended. */
export type Serial = <T>(key: string, work: () => Promise<T>, company?: Company) => Promise<T>;

interface Queue {
  /** The end of what runs alone. */
  readonly alone: Promise<unknown>;
  /** The end of what came after it and runs beside one another. */
  readonly beside: Promise<unknown>;
}

const idle: Queue = { alone: Promise.resolve(), beside: Promise.resolve() };

export function createSerial(): Serial {
  const queues = new Map<string, Queue>();
  return (key, work, company = 'alone') => {
    const { alone, beside } = queues.get(key) ?? idle;
    const run = (company === 'beside' ? alone : Promise.all([alone, beside])).then(work);
    const end = run.catch(() => undefined);
    const queue: Queue =
      company === 'beside'
        ? { alone, beside: Promise.all([beside, end]) }
        : { alone: end, beside: Promise.resolve() };
    queues.set(key, queue);
    void Promise.all([queue.alone, queue.beside]).then(() => {
      if (queues.get(key) === queue) queues.delete(key);
    });
    return run;
  };
}
