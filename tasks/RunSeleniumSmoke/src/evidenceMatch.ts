/** Which of the snapshots of a run show a failed test. */
import type { TestCase } from '../../../shared/core/junit.js';
import type { SessionSpan, Snapshot } from './evidence.js';

/** A run of the tests, as far as its times are known; milliseconds since 1970. */
export interface TimedRun {
  readonly from: number;
  readonly to: number;
  /** In the order they ran. */
  readonly tests: readonly TestCase[];
  readonly snapshots: readonly Snapshot[];
  readonly sessions: readonly SessionSpan[];
}

/** What shows a failed test. */
export interface Evidence {
  readonly snapshots: readonly Snapshot[];
  /** How many other tests the same snapshots may show; 0 when they show this one for certain. */
  readonly others: number;
}

/** Snapshots of one test: the last ones tell most. */
const mostOfATest = 2;
/** Clocks and rounded times. */
const slack = 50;

/**
 * Matches one failed test with its snapshots. Certain where the runner told which test ran, or where tests and sessions come one to one, in
 * turn. Else by time: a results file tells only how long each test took, so a test may have run anywhere between the sum of the times before
 * it and, from the run's end backwards, that of those after it; then others may have run at the same time.
 */
export function evidenceFor(test: TestCase, run: TimedRun): Evidence {
  const id = idOf(test);
  const told = run.snapshots.filter(snapshot => snapshot.test !== undefined);
  if (told.length > 0)
    return { snapshots: told.filter(snapshot => snapshot.test === id).slice(-mostOfATest), others: 0 };

  const executed = run.tests.filter(one => one.outcome !== 'skipped');
  const index = executed.indexOf(test);
  const session = oneToOne(executed, run.sessions)?.[index]?.session;
  if (session !== undefined)
    return {
      snapshots: run.snapshots.filter(snapshot => snapshot.session === session).slice(-mostOfATest),
      others: 0,
    };

  const windows = windowsOf(executed, run);
  const mayShow = (snapshot: Snapshot, number: number) => {
    const window = windows[number];
    return window !== undefined && snapshot.at >= window.from && snapshot.at <= window.to;
  };
  const snapshots = run.snapshots.filter(snapshot => mayShow(snapshot, index)).slice(-mostOfATest);
  const others = executed.filter(
    (_one, number) => number !== index && snapshots.some(snapshot => mayShow(snapshot, number)),
  ).length;
  return { snapshots, others };
}

/** `Class::name`, as runners' logs have it. */
export function idOf({ className, name }: TestCase): string {
  return `${className}::${name}`;
}

/** The sessions in their order, when there is one for each test and none overlap. */
function oneToOne(
  tests: readonly TestCase[],
  sessions: readonly SessionSpan[],
): readonly SessionSpan[] | undefined {
  if (sessions.length !== tests.length) return undefined;
  const sorted = [...sessions].sort((a, b) => a.from - b.from);
  const apart = sorted.every(({ from }, index) => index === 0 || from >= (sorted[index - 1]?.to ?? from));
  return apart ? sorted : undefined;
}

function windowsOf(
  tests: readonly TestCase[],
  { from, to }: TimedRun,
): readonly { from: number; to: number }[] {
  const times = tests.map(({ seconds }) => seconds * 1000);
  const total = times.reduce((sum, time) => sum + time, 0);
  // More time than there was: the tests ran side by side, and any may have run at any time.
  if (total > to - from + slack) return tests.map(() => ({ from, to }));
  let before = 0;
  return times.map(time => {
    const earliest = from + before;
    before += time;
    return { from: earliest - slack, to: to - (total - before) + slack };
  });
}
