/** A display of the run's own for browsers with windows: Xvfb, which draws into memory. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { ToolError, UserError } from '../../../shared/core/errors.js';
import { lastLines } from '../../../shared/core/text.js';

/** A display that is ready. */
export interface Display {
  /** What a program needs to draw on it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends it. */
  readonly close: () => Promise<void>;
}

const usualSize = '1920x1080';
const displayGrace = 2000;

/** @throws UserError when it is not installed */
export function findXvfb(agent: Agent): string {
  const path = agent.findTool('Xvfb');
  if (path !== undefined) return path;
  throw new UserError(
    "Xvfb was not found on PATH, and 'xvfb' is true. Install it on this agent (Debian: xvfb), or set 'xvfb' to false and 'headless' to true.",
  );
}

/**
 * Starts it on a free number, for this user only.
 * @param size of its screen, such as `1280x800`
 * @throws ToolError when it does not start
 */
export async function startDisplay(path: string, size: string | undefined, agent: Agent): Promise<Display> {
  const authority = join(agent.tempDirectory, 'Xauthority');
  writeFileSync(authority, cookieFile(randomBytes(16)), { mode: 0o600 });
  let opened: (display: string) => void = () => undefined;
  const display = new Promise<string>(resolve => {
    opened = resolve;
  });
  const running = agent.start({
    name: 'Xvfb',
    path,
    args: [
      ...['-displayfd', '1', '-screen', '0', `${size ?? usualSize}x24`],
      ...['-nolisten', 'tcp', '-noreset', '-auth', authority],
    ],
    echo: false,
    stopGraceMilliseconds: displayGrace,
    onLine: (line, stream) => {
      if (stream === 'stdout' && /^\d+$/.test(line)) opened(`:${line}`);
      else agent.debug(line);
    },
  });
  const first = await Promise.race([display, running.ended]);
  if (typeof first !== 'string') {
    agent.signal.throwIfAborted();
    throw new ToolError(
      `Xvfb (${path}) ended before its display was ready.`,
      'Xvfb',
      first.exitCode,
      lastLines(first.tail),
    );
  }
  agent.info(`The browsers have the display ${first} (${path}).`);
  return {
    environment: { DISPLAY: first, XAUTHORITY: authority },
    close: () => running.stop(),
  };
}

/** One entry for any display of this machine, as libXau reads it: family "wild", no address, no number, the name and the cookie. */
function cookieFile(cookie: Buffer): Buffer {
  const counted = (bytes: Buffer) =>
    Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  const fields = [Buffer.alloc(0), Buffer.alloc(0), Buffer.from('MIT-MAGIC-COOKIE-1'), cookie];
  return Buffer.concat([Buffer.from([0xff, 0xff]), ...fields.map(counted)]);
}
