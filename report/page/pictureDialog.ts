/** A picture in its full size, with the next and the one before by arrow keys; focus goes back to where it was. */
import { el, outside } from './dom.js';

export interface ShownPicture {
  readonly address: string;
  readonly title: string;
  readonly about: string;
}

export interface PictureDialog {
  readonly element: HTMLElement;
  open(pictures: readonly ShownPicture[], at: number): void;
}

export function pictureDialog(): PictureDialog {
  let shown: readonly ShownPicture[] = [];
  let place = 0;
  let opener: Element | null = null;
  const image = el('img', { alt: '' });
  const title = el('h2', { id: 'release-picture-title' });
  const about = el('p', { class: 'about' });
  const count = el('span', { class: 'quiet', role: 'status' });
  const button = (text: string, action: () => void) => {
    const made = el('button', { type: 'button', class: 'button' }, text);
    made.addEventListener('click', action);
    return made;
  };
  const previous = button('Previous', () => {
    show(place - 1);
  });
  const next = button('Next', () => {
    show(place + 1);
  });
  const dialog = el(
    'dialog',
    { class: 'picture', 'aria-labelledby': 'release-picture-title' },
    el(
      'header',
      {},
      el('div', {}, title, about),
      el(
        'div',
        { class: 'picture-ways' },
        count,
        previous,
        next,
        button('Close', () => {
          dialog.close();
        }),
      ),
    ),
    el('div', { class: 'picture-box', tabindex: 0, role: 'group', 'aria-label': 'Screenshot' }, image),
  );
  const show = (at: number) => {
    place = (at + shown.length) % shown.length;
    const picture = shown[place];
    if (picture === undefined) return;
    image.src = picture.address;
    image.alt = `What the browser showed at: ${picture.title}`;
    title.replaceChildren(outside(picture.title));
    about.replaceChildren(outside(picture.about));
    count.textContent = shown.length > 1 ? `${place + 1} of ${shown.length}` : '';
    previous.hidden = next.hidden = shown.length < 2;
  };
  dialog.addEventListener('keydown', event => {
    if (shown.length < 2 || (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft')) return;
    event.preventDefault();
    show(place + (event.key === 'ArrowRight' ? 1 : -1));
  });
  // A click beside the dialog's content is a click on its backdrop.
  dialog.addEventListener('click', event => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('close', () => {
    image.removeAttribute('src');
    if (opener instanceof HTMLElement) opener.focus();
    opener = null;
  });
  return {
    element: dialog,
    open(pictures, at) {
      shown = pictures;
      opener = document.activeElement;
      show(at);
      dialog.showModal();
    },
  };
}
