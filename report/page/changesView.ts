/** What the patch changed: each change as a line taken out and a line put in. */
import type { PatchBody } from '../../shared/report/bodies.js';
import { plural } from '../../shared/core/text.js';
import { el, outside, type Child } from './dom.js';
import { chip, fold, growing, unseen } from './parts.js';

type File = PatchBody['files'][number];
type Change = File['changes'][number];

const openChanges = 8;

export function changesView(body: PatchBody, key: string): Child[] {
  const count = body.files.reduce((sum, file) => sum + file.changes.length, 0);
  if (count === 0 && body.omitted === 0) return [el('p', { class: 'quiet' }, 'Nothing was to be changed.')];
  return [
    body.dryRun && el('p', {}, chip('Dry run', 'warning'), ' Nothing was written.'),
    ...body.files.map((file, at) =>
      fold(
        `${key}/file-${at}`,
        [
          outside(file.path, 'code'),
          el('span', { class: 'quiet' }, ` ${plural(file.changes.length, 'change')}`),
        ],
        () =>
          growing(el('ul', { class: 'changes' }), file.changes, changeView, {
            first: 50,
            step: 200,
            noun: 'changes',
          }),
        count <= openChanges,
      ),
    ),
    body.omitted > 0 &&
      el('p', { class: 'quiet' }, `${plural(body.omitted, 'more change')}, not listed here.`),
  ];
}

function changeView({ line, where, from, to }: Change): HTMLElement {
  return el(
    'li',
    {},
    el(
      'span',
      { class: 'change-place' },
      el('span', { class: 'quiet' }, `line ${line}`),
      where !== '' && outside(where, 'code'),
    ),
    el('del', {}, unseen('before: '), outside(from, 'code')),
    el('ins', {}, unseen('after: '), outside(to, 'code')),
  );
}
