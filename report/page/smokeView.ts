/** The smoke tests: failed ones side by side with what the browser showed, then flaky ones, the others folded. */
import type { SmokeBody } from '../../shared/report/bodies.js';
import type { ReportPictures } from '../../shared/report/format.js';
import { formatDuration } from '../../shared/core/duration.js';
import { plural } from '../../shared/core/text.js';
import { el, outside, withStyle, type Child } from './dom.js';
import { block, chip, fold, growing, mark, named, safePicture } from './parts.js';
import type { PictureDialog, ShownPicture } from './pictureDialog.js';

type Test = SmokeBody['tests'][number];

const outcomeWords = { passed: 'passed', failed: 'failed', flaky: 'flaky', skipped: 'skipped' } as const;

export function smokeView(
  body: SmokeBody,
  key: string,
  pictures: ReportPictures,
  dialog: PictureDialog,
): Child[] {
  const of = (outcome: Test['outcome']) => body.tests.filter(test => test.outcome === outcome);
  const [failed, flaky] = [of('failed'), of('flaky')];
  const others = [...of('passed'), ...of('skipped')];
  const gallery = [...failed, ...flaky].flatMap(test => pictureOf(test, pictures) ?? []);
  const cards = (tests: readonly Test[], name: string) =>
    growing(
      el('ul', { class: 'cards' }),
      tests.map((test, at) => ({ test, at })),
      ({ test, at }) => card(test, `${key}/${name}-${at}`, pictures, gallery, dialog),
      { first: 12, step: 48, noun: 'tests' },
    );
  const counted = body.runs.reduce((sum, run) => sum + run.passed - run.flaky + run.skipped, 0);
  return [
    runs(body),
    ...(failed.length === 0
      ? []
      : [el('h3', {}, plural(failed.length, 'failed test')), ...cards(failed, 'failed')]),
    ...(flaky.length === 0
      ? []
      : [
          el('h3', {}, plural(flaky.length, 'flaky test')),
          el('p', { class: 'quiet' }, 'Failed at first, passed when run again.'),
          ...cards(flaky, 'flaky'),
        ]),
    others.length > 0 &&
      fold(`${key}/others`, [plural(Math.max(counted, others.length), 'other test')], () =>
        otherTests(others),
      ),
    body.omitted > 0 && el('p', { class: 'quiet' }, `${plural(body.omitted, 'test')} not listed here.`),
  ];
}

function runs(body: SmokeBody): HTMLElement {
  return el(
    'div',
    { class: 'runs' },
    el('p', { class: 'quiet' }, 'Site under test: ', outside(body.site)),
    el(
      'ul',
      {},
      ...body.runs.map(run => {
        // Flaky tests are among those that passed.
        const told = { ...run, passed: Math.max(0, run.passed - run.flaky) };
        const total = Math.max(1, told.passed + told.failed + told.flaky + told.skipped);
        const counts = (['failed', 'flaky', 'passed', 'skipped'] as const).filter(
          outcome => told[outcome] > 0,
        );
        return el(
          'li',
          {},
          outside(run.browser, 'strong'),
          el(
            'span',
            { class: 'counts-bar', 'aria-hidden': 'true' },
            ...counts.map(outcome =>
              withStyle(el('span', { class: `count-${outcome}` }), { '--share': told[outcome] / total }),
            ),
          ),
          el(
            'span',
            {},
            counts.length === 0
              ? 'no test ran'
              : counts.map(outcome => `${told[outcome]} ${outcomeWords[outcome]}`).join(', '),
          ),
          el('span', { class: 'quiet number' }, formatDuration(run.milliseconds)),
        );
      }),
    ),
  );
}

function pictureOf(test: Test, pictures: ReportPictures): ShownPicture | undefined {
  if (test.screenshot === undefined) return undefined;
  const address = safePicture(pictures.get(test.screenshot));
  return address === undefined ? undefined : { address, title: test.name, about: test.message };
}

function card(
  test: Test,
  key: string,
  pictures: ReportPictures,
  gallery: readonly ShownPicture[],
  dialog: PictureDialog,
): HTMLElement {
  const { suite, name, browser, message, detail, seconds } = test;
  return el(
    'li',
    { class: `card card-${test.outcome}` },
    frame(test, pictureOf(test, pictures), gallery, dialog),
    el(
      'div',
      { class: 'card-text' },
      el(
        'h4',
        {},
        mark(test.outcome === 'failed' ? 'failed' : 'warning', outcomeWords[test.outcome]),
        named(name),
      ),
      el(
        'p',
        { class: 'quiet' },
        outside(suite),
        ' · ',
        outside(browser),
        ` · ${formatDuration(seconds * 1000)}`,
      ),
      message !== '' && block(message, 'message'),
      detail !== '' && detail !== message && fold(`${key}/detail`, ['Where'], () => [block(detail)]),
      test.console.length > 0 &&
        fold(
          `${key}/console`,
          [`${plural(test.console.length, 'line')} of the browser's console`],
          () => [
            el(
              'ul',
              { class: 'console', tabindex: 0 },
              ...test.console.map(line => el('li', {}, outside(line, 'code'))),
            ),
          ],
          test.outcome === 'failed' && test.console.length <= 3,
        ),
    ),
  );
}

/** The picture's place has its size before the picture is there. */
function frame(
  test: Test,
  picture: ShownPicture | undefined,
  gallery: readonly ShownPicture[],
  dialog: PictureDialog,
): Child {
  if (picture === undefined)
    return test.screenshot === undefined
      ? el('div', { class: 'frame frame-none' }, 'No screenshot')
      : el('div', { class: 'frame frame-empty' }, 'Screenshot not at hand');
  const button = el(
    'button',
    { type: 'button', class: 'frame', 'aria-haspopup': 'dialog' },
    el('img', {
      src: picture.address,
      alt: `What the browser showed when the test ${test.outcome === 'failed' ? 'failed' : 'first failed'}`,
      decoding: 'async',
    }),
    el('span', { class: 'enlarge' }, 'Enlarge'),
  );
  button.addEventListener('click', () => {
    const at = gallery.findIndex(
      ({ address, title }) => address === picture.address && title === picture.title,
    );
    dialog.open(gallery, Math.max(0, at));
  });
  return button;
}

function otherTests(tests: readonly Test[]): Node[] {
  const list = el('ul', { class: 'tests' });
  return growing(
    list,
    tests,
    test =>
      el(
        'li',
        {},
        mark(test.outcome === 'skipped' ? 'skipped' : 'passed', outcomeWords[test.outcome]),
        el(
          'span',
          {},
          outside(test.name),
          el('span', { class: 'quiet' }, ' ', outside(test.suite), ' · ', outside(test.browser)),
        ),
        test.outcome === 'skipped'
          ? chip('skipped')
          : el('span', { class: 'quiet number' }, formatDuration(test.seconds * 1000)),
      ),
    { first: 100, step: 400, noun: 'tests' },
  );
}
