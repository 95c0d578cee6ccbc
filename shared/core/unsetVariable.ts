/** Macros that nothing filled in: the agent leaves `$(name)` as it stands when there is no such variable. */

/** What is wrong with a text that is nothing but such a macro, as the rest of a sentence and one more; undefined for every other text. */
export function unsetVariable(text: string): string | undefined {
  if (!/^\$\([A-Za-z_][\w.-]*\)$/.test(text.trim())) return undefined;
  return (
    `is ${text.trim()}: this variable does not exist here. Check its name and the name of the step that sets it, and that a variable ` +
    "from another job or stage is handed over as $[ stageDependencies.STAGE.JOB.outputs['STEP.NAME'] ]."
  );
}
