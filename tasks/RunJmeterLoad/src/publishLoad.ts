/** Publishes what a load test found: outputs, the run's summary, the Tests tab, files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { mapTexts } from '../../../shared/core/junit.js';
import { writeJunit } from '../../../shared/core/junitWriter.js';
import { attempt, keepFile } from './keepFiles.js';
import { summaryName, summaryText, type LoadSummary } from './loadSummary.js';
import { criteriaLines, junitSuites, logTable, markdownSummary, type Remarks } from './report.js';
import type { LoadRules, LoadVerdict } from './verdict.js';

/** What there is to publish. */
export interface Findings {
  readonly summary: LoadSummary;
  readonly verdict: LoadVerdict;
  readonly rules: LoadRules;
  readonly remarks: Remarks;
  /** What the results are called. */
  readonly title: string;
  /** Whether the Tests tab gets them. */
  readonly publishResults: boolean;
}

/** Publishes all of it. */
export async function publishLoad(
  { summary, verdict, rules, remarks, title, publishResults }: Findings,
  agent: Agent,
): Promise<void> {
  for (const line of [...logTable(summary), ...remarks.course, ...criteriaLines(verdict)]) agent.info(line);
  for (const note of remarks.notes) {
    if (remarks.comparisonMissing) agent.warning(note);
    else agent.info(note);
  }
  const summaryFile = join(agent.resultsDirectory, summaryName);
  const { samples, p50, p95, p99, throughput } = summary.overall;
  agent.output('samples', String(samples));
  for (const name of ['errorPercent', 'errorRate']) agent.output(name, number(verdict.errorPercent));
  agent.output('p50', String(p50 ?? ''));
  agent.output('p95', String(p95 ?? ''));
  agent.output('p99', String(p99 ?? ''));
  agent.output('throughput', number(throughput));
  agent.output('summaryFile', summaryFile);
  const keepSummary = () => {
    writeFileSync(summaryFile, agent.mask(summaryText(summary)));
    keepFile(summaryFile, agent);
  };
  await attempt('The summary file', keepSummary, agent);
  await attempt(
    "The run's summary",
    () => agent.summary(title, markdownSummary(summary, verdict, remarks)),
    agent,
  );
  if (!publishResults) return;
  const publishTests = () => {
    const junit = join(agent.resultsDirectory, 'load.xml');
    const suites = mapTexts(junitSuites(summary, verdict, rules, title), text => agent.mask(text));
    writeFileSync(junit, writeJunit(suites));
    agent.publishTests({ files: [junit], title });
  };
  await attempt('The results for the Tests tab', publishTests, agent);
}

/** A number with as many digits as it needs, at most four behind the point: `12.5`, `0.0313`. */
function number(value: number): string {
  return String(Math.round(value * 10_000) / 10_000);
}
