/** Checks the tasks of a pipeline against what they declare, before anything runs. */

import { listOf } from '../../../shared/core/text.js';
import type { Pipeline, TaskStep } from '../yaml/model.js';
import type { Report } from '../yaml/source.js';
import type { TaskDefinition, TaskInput } from './definition.js';

/** The task that `Name@1` or `publisher.extension.contribution.Name@1` (or its id) means. */
export function findTask(written: string, tasks: readonly TaskDefinition[]): TaskDefinition | undefined {
  const { name, major } = splitTask(written);
  return tasks.find(task => isNamed(task, name) && task.version.major === major);
}

function splitTask(written: string): { name: string; major: number } {
  const [name = '', version = ''] = written.split('@');
  return { name: name.slice(name.lastIndexOf('.') + 1), major: Number.parseInt(version, 10) };
}

function isNamed(task: TaskDefinition, name: string): boolean {
  return task.name.toLowerCase() === name.toLowerCase() || task.id.toLowerCase() === name.toLowerCase();
}

/** The input that a name or an alias means, without regard to case. */
export function findInput(task: TaskDefinition, written: string): TaskInput | undefined {
  const wanted = written.toLowerCase();
  return task.inputs.find(input =>
    [input.name, ...input.aliases].some(name => name.toLowerCase() === wanted),
  );
}

export function checkTasks(pipeline: Pipeline, tasks: readonly TaskDefinition[], report: Report): void {
  for (const stage of pipeline.stages)
    for (const job of stage.jobs)
      for (const phase of job.phases)
        for (const step of phase.steps) if (step.kind === 'task') checkTask(step, tasks, report);
}

function checkTask(step: TaskStep, tasks: readonly TaskDefinition[], report: Report): void {
  const { text, at } = step.task;
  // What cannot be read has been told already.
  if (text === '') return;
  const task = findTask(text, tasks);
  if (task === undefined) {
    const { name } = splitTask(text);
    const others = tasks.filter(other => isNamed(other, name));
    const known = tasks.map(other => `${other.name}@${other.version.major}`);
    if (others.length === 0)
      report(at, `task ${text} is not part of this repository; only ${listOf(known)} can run locally`);
    else if (!/@\d+(\.|$)/.test(text))
      report(at, `task ${text} needs a version; write ${name}@${others[0]?.version.major ?? 1}`);
    else
      report(
        at,
        `task ${text} does not exist in this version; there is ${listOf(others.map(other => `${other.name}@${other.version.major}`))}`,
      );
    return;
  }
  if (task.missingScripts.length > 0)
    report(at, `task ${text} is not built: there is no ${listOf(task.missingScripts)}; run "npm run build"`);
  const given = new Map<TaskInput, string>();
  for (const [name, value] of step.inputs) {
    const input = findInput(task, name);
    if (input === undefined) {
      report(
        value.at,
        `'${name}' is not an input of ${task.name}; its inputs are ${listOf(task.inputs.map(shownName))}`,
      );
      continue;
    }
    if (given.has(input))
      report(value.at, `the input '${shownName(input)}' is given twice, here as '${name}'`);
    given.set(input, value.text.trim());
    checkValue(input, value.text.trim(), message => {
      report(value.at, message);
    });
  }
  const valueOf = (input: TaskInput) => given.get(input) ?? input.defaultValue;
  for (const input of task.inputs) {
    if (!input.required || valueOf(input) !== '') continue;
    const visible = isVisible(input.visibleRule, name => {
      const other = findInput(task, name);
      return other && valueOf(other);
    });
    if (visible === true) report(at, `${task.name} needs the input '${shownName(input)}'`);
  }
}

/** The names that pipeline files can use. */
function shownName({ name, aliases }: TaskInput): string {
  return aliases.length === 0 ? name : `${name} (or ${aliases.join(', ')})`;
}

function checkValue(input: TaskInput, value: string, report: (message: string) => void): void {
  // What a macro stands for is known only when the step runs.
  if (value === '' || value.includes('$(')) return;
  const name = shownName(input);
  if (
    input.options !== undefined &&
    !input.options.some(option => option.toLowerCase() === value.toLowerCase())
  )
    report(`'${value}' is not a value of the input '${name}'; it takes ${listOf(input.options, 'or')}`);
  if (input.type === 'boolean' && !/^(true|false)$/i.test(value))
    report(`the input '${name}' must be true or false, not '${value}'`);
  if (input.type === 'int' && !/^-?\d+$/.test(value))
    report(`the input '${name}' must be a whole number, not '${value}'`);
}

/**
 * Whether a rule as in `action = deploy && mode != off` holds.
 * @returns undefined when it hangs on a macro
 */
export function isVisible(rule: string, valueOf: (name: string) => string | undefined): boolean | undefined {
  if (rule.trim() === '') return true;
  const unknown: string[] = [];
  const holds = rule.split('||').some(alternative =>
    alternative.split('&&').every(part => {
      const match =
        /^\s*(\S+?)\s*(==|!=|=|\bin\b|\bnotIn\b|\bcontains\b|\bnotContains\b|\bstartsWith\b|\bnotStartsWith\b|\bendsWith\b|\bnotEndsWith\b)\s*(.*?)\s*$/.exec(
          part,
        );
      const [, name = '', operator = '', wanted = ''] = match ?? [];
      const value = valueOf(name);
      if (value === undefined || value.includes('$(')) {
        unknown.push(name);
        return true;
      }
      return compare(value.toLowerCase(), operator, wanted.toLowerCase());
    }),
  );
  return unknown.length > 0 ? undefined : holds;
}

function compare(value: string, operator: string, wanted: string): boolean {
  switch (operator) {
    case '=':
    case '==':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case 'in':
      return wanted.split(',').some(item => item.trim() === value);
    case 'notIn':
      return !wanted.split(',').some(item => item.trim() === value);
    case 'contains':
      return value.includes(wanted);
    case 'notContains':
      return !value.includes(wanted);
    case 'startsWith':
      return value.startsWith(wanted);
    case 'notStartsWith':
      return !value.startsWith(wanted);
    case 'endsWith':
      return value.endsWith(wanted);
    case 'notEndsWith':
      return !value.endsWith(wanted);
    default:
      return true;
  }
}
