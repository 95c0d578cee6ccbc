/** Figures as the page writes them: aligned, signed, with units, the same in every locale. */
import { formatDuration } from '../../shared/core/duration.js';

/** `12,480`. */
export function grouped(number: number): string {
  const [whole = '', fraction] = String(number).split('.');
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? digits : `${digits}.${fraction}`;
}

/** A response time: `85 ms`, `1.2 s`; a dash where there is none. */
export function formatTime(milliseconds: number | null): string {
  return milliseconds === null ? '–' : formatDuration(milliseconds);
}

/** `0 %`, `0.02 %`, `1.3 %`, `12 %`: two digits that count; what is not nought is never shown as nought. */
export function formatPercent(percent: number): string {
  if (percent === 0) return '0 %';
  if (Math.abs(percent) < 0.01) return percent < 0 ? '> −0.01 %' : '< 0.01 %';
  const size = Math.abs(percent);
  const text = size < 1 ? size.toFixed(2) : size < 10 ? size.toFixed(1) : grouped(Math.round(size));
  return `${percent < 0 ? '−' : ''}${text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')} %`;
}

/** Samples a second: `0.42`, `6.3`, `1,240`. */
export function formatRate(perSecond: number): string {
  return perSecond < 1
    ? String(Number(perSecond.toFixed(2)))
    : perSecond < 100
      ? perSecond.toFixed(1)
      : grouped(Math.round(perSecond));
}

/** The same on an axis: `50` where a table has `50.0`. */
export function formatRateTick(perSecond: number): string {
  return formatRate(perSecond).replace(/\.0$/, '');
}

/** A difference with its sign: `+2.1 s`, `−350 ms`, `±0`. */
export function formatDifference(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  // Below a tenth of a second a step took as long as before, as far as anybody can tell.
  if (size < 100) return '±0 s';
  return `${milliseconds < 0 ? '−' : '+'}${formatDuration(size)}`;
}

/** By how much `now` is more than `before`, in percent; undefined where that has no meaning. */
export function changeInPercent(now: number | null, before: number | null | undefined): number | undefined {
  if (now === null || before === null || before === undefined || before <= 0) return undefined;
  return (now / before - 1) * 100;
}

/** `+12 %`, `−8 %`, `±0 %`; ten times as much and more is `×10`. */
export function formatChange(percent: number): string {
  const rounded = Math.round(percent);
  if (rounded === 0) return '±0 %';
  if (rounded >= 900) return `×${grouped(Math.round(percent / 100 + 1))}`;
  return `${rounded < 0 ? '−' : '+'}${grouped(Math.abs(rounded))} %`;
}

/** Round values from 0 to at least `most`, at most `count` steps. */
export function roundSteps(most: number, count: number): number[] {
  if (!(most > 0)) return [0];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find(factor => factor * power >= rough * 0.999) ?? 10) * power;
  const steps = Math.ceil(most / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800,
].map(seconds => seconds * 1000);

/** Moments of an axis of time from 0 to `milliseconds`, at most `count` steps of what a clock counts by. */
export function timeTicks(milliseconds: number, count: number): number[] {
  const step =
    timeSteps.find(candidate => milliseconds / candidate <= count) ??
    Math.ceil(milliseconds / count / 86_400_000) * 86_400_000;
  const ticks: number[] = [];
  for (let tick = 0; tick <= milliseconds; tick += step) ticks.push(tick);
  return ticks;
}

/** A moment on an axis: `0`, `45 s`, `2 min`, `2:30 min`, `1:05 h`. */
export function formatTick(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds === 0) return '0';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return clock(Math.floor(seconds / 60), seconds % 60, 'min');
  return clock(Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), 'h');
}

function clock(large: number, small: number, unit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large}:${String(small).padStart(2, '0')} ${unit}`;
}
