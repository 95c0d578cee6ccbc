/** Sentences of the tab itself, above the report: what it waits for, what it could not read. */

const notes = document.createElement('div');
notes.className = 'bake-and-roll-notes';
// Read out when it changes, without taking the reader away from the report.
notes.setAttribute('role', 'status');
document.body.prepend(notes);

export function showNotes(sentences: readonly string[]): void {
  const shown = [...notes.children].map(note => note.textContent);
  if (shown.length === sentences.length && shown.every((text, index) => text === sentences[index])) return;
  notes.replaceChildren(
    ...sentences.map(sentence => {
      const note = document.createElement('p');
      note.textContent = sentence;
      return note;
    }),
  );
}
