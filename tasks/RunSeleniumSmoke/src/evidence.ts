/** What a browser shows and says at the moment before it is lost: kept on disk until it is known whose test failed. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { singleLine } from '../../../shared/core/text.js';
import { isJson, type Json } from './browserCapabilities.js';
import type { LiveTests } from './liveTests.js';
import type { SessionCommand } from './webDriverEndpoint.js';

/** One look at a browser. */
export interface Snapshot {
  /** The test that ran, `Class::name`, where the runner tells; undefined where it does not. */
  readonly test: string | undefined;
  readonly session: string;
  /** When the session got its last command before it, in milliseconds since 1970: the state is of that time. */
  readonly at: number;
  /** Absolute paths: screenshot, page source, what the browser said. */
  readonly files: readonly string[];
}

/** The life of a session, in milliseconds since 1970. */
export interface SessionSpan {
  readonly session: string;
  readonly from: number;
  readonly to: number;
}

/** Collects snapshots of the sessions of one run. */
export interface EvidenceCollector {
  /** @param listens whether the browser's log is this collector's to read; reading empties it */
  readonly opened: (session: string, listens: boolean) => void;
  /** To be waited for before the command is passed on. */
  readonly before: (command: SessionCommand) => Promise<void> | undefined;
  readonly failed: (command: SessionCommand, message: string) => void;
  /** Takes what the session shows, for nobody will close it properly. */
  readonly last: (session: string) => Promise<void>;
  readonly snapshots: () => readonly Snapshot[];
  readonly spans: () => readonly SessionSpan[];
}

/** What collecting needs. */
export interface EvidencePorts {
  /** See `WebDriverEndpoint.ask`. */
  readonly ask: (method: string, path: string, body?: Json) => Promise<unknown>;
  readonly tests: LiveTests;
  readonly now: () => number;
  readonly folder: string;
  /** Secrets out of text. */
  readonly mask: (text: string) => string;
}

interface SessionState {
  readonly from: number;
  to: number;
  /** Of the last command; commands since the last snapshot make another worth while. */
  at: number;
  fresh: boolean;
  test: string | undefined;
  readonly faults: string[];
  readonly said: LogEntry[];
  readonly listens: boolean;
  /** A driver that did not answer once is not asked again: every ask may cost the test seconds. */
  silent: boolean;
}

/** One look at a page, in words. */
export interface Look {
  readonly session: string;
  readonly url: string;
  readonly at: Date;
  /** Commands that the driver refused. */
  readonly faults: readonly string[];
  /** The browser's log. */
  readonly said: readonly LogEntry[];
}

interface LogEntry {
  readonly level: string;
  readonly source: string;
  readonly message: string;
}

/** Snapshots kept of one run; the oldest goes first. */
const mostSnapshots = 200;
const mostEntries = 200;
const mostFaults = 20;
const longestEntry = 1000;
const longestSource = 2 * 1024 * 1024;
const largestScreenshot = 8 * 1024 * 1024;

/** After these a browser shows something else, and what it showed is lost. */
const navigation = /^POST \/(url|back|forward|refresh)$/;
const closing = /^DELETE (\/window)?$/;

/** Starts collecting. */
export function collectEvidence({ ask, tests, now, folder, mask }: EvidencePorts): EvidenceCollector {
  const sessions = new Map<string, SessionState>();
  const snapshots: Snapshot[] = [];
  let taken = 0;

  const take = async (session: string, state: SessionState): Promise<void> => {
    state.fresh = false;
    if (state.silent) return;
    taken += 1;
    const name = join(folder, String(taken).padStart(4, '0'));
    const files: string[] = [];
    const keep = (suffix: string, content: string | Buffer) => {
      writeFileSync(name + suffix, content);
      files.push(name + suffix);
    };
    const { at, test } = state;
    const text = async (path: string) => String(await ask('GET', `/session/${session}${path}`));
    try {
      const screenshot = Buffer.from(await text('/screenshot'), 'base64');
      if (screenshot.length <= largestScreenshot) keep('.png', screenshot);
      const url = await text('/url');
      const source = await text('/source');
      // As text: whoever opens it must not run its scripts.
      keep('.html.txt', mask(source.slice(0, longestSource)));
      await listen(session, state);
      keep('.txt', mask(describeLook({ ...state, session, url, at: new Date(at) })));
    } catch (error) {
      const why = error instanceof Error ? error : new Error(String(error));
      state.silent = why.name === 'TimeoutError';
      const url = `not known: ${singleLine(why.message)}`;
      keep('.txt', mask(describeLook({ ...state, session, url, at: new Date(at) })));
    }
    snapshots.push({ test, session, at, files });
    for (const old of snapshots.splice(0, Math.max(0, snapshots.length - mostSnapshots)))
      for (const file of old.files) rmSync(file, { force: true });
  };

  const listen = async (session: string, state: SessionState): Promise<void> => {
    if (!state.listens) return;
    const entries = await ask('POST', `/session/${session}/se/log`, { type: 'browser' }).catch(
      () => undefined,
    );
    if (Array.isArray(entries)) state.said.push(...entries.flatMap(logEntry));
    state.said.splice(0, Math.max(0, state.said.length - mostEntries));
  };

  return {
    opened: (session, listens) => {
      const from = now();
      sessions.set(session, {
        from,
        to: from,
        at: from,
        fresh: false,
        test: tests.current(),
        faults: [],
        said: [],
        listens,
        silent: false,
      });
    },
    before: ({ session, name }) => {
      const state = sessions.get(session);
      if (state === undefined) return undefined;
      const running = tests.current();
      const isOver = running !== state.test;
      // Where the runner does not tell where a test ends, every page may be the last of one.
      const isLost = closing.test(name) || (running === undefined && navigation.test(name));
      const isGood = state.test !== undefined && tests.hasPassed(state.test);
      const wanted = state.fresh && !isGood && (isLost || (isOver && state.test !== undefined));
      const work = wanted ? take(session, state) : undefined;
      const follow = () => {
        state.test = running;
        state.at = now();
        state.to = state.at;
        state.fresh = true;
        if (isOver) {
          state.faults.length = 0;
          state.said.length = 0;
        }
      };
      if (work === undefined) {
        follow();
        return undefined;
      }
      return work.then(follow);
    },
    failed: ({ session, name }, message) => {
      const faults = sessions.get(session)?.faults;
      const fault = `${name}: ${message}`;
      if (faults === undefined || faults.at(-1) === fault) return;
      faults.push(fault);
      if (faults.length > mostFaults) faults.shift();
    },
    last: async session => {
      const state = sessions.get(session);
      if (state?.fresh === true) await take(session, state);
    },
    snapshots: () => snapshots,
    spans: () => [...sessions].map(([session, { from, to }]) => ({ session, from, to })),
  };
}

function logEntry(value: unknown): LogEntry[] {
  if (!isJson(value)) return [];
  const { level, source, message } = value;
  const text = (one: unknown) => (typeof one === 'string' ? singleLine(one, longestEntry) : '');
  return [{ level: text(level), source: text(source), message: text(message) }];
}

/** What is said of one look at a page, each thing on one line, so that a page cannot imitate the rest. */
export function describeLook({ session, url, at, faults, said }: Look, faultsAre = 'Commands'): string {
  const section = (title: string, lines: readonly string[]) =>
    `\n${title}:\n${lines.length === 0 ? '  none\n' : lines.map(line => `  ${line}\n`).join('')}`;
  const lines = (entries: readonly LogEntry[]) => entries.map(({ level, message }) => `${level} ${message}`);
  return [
    `Page: ${singleLine(url, longestEntry)}\nTime: ${at.toISOString()}\nSession: ${singleLine(session)}\n`,
    section(`${faultsAre} that failed`, faults),
    section('Requests of the page that failed', lines(said.filter(({ source }) => source === 'network'))),
    section('Console', lines(said.filter(({ source }) => source !== 'network'))),
  ].join('');
}
