/** What the modules of the task know an analysis by. */
export {
  defaultLabelLimit as labelLimit,
  type ErrorKind,
  type JtlAnalysis,
  type LabelStatistics,
  type WarmUp,
} from './analysis/statistics.js';
