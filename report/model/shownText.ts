/** Text from outside as a page may show it: what would be invisible, or would turn the text around, is made visible. */

// C0 and C1 controls but tab and line feed; marks, embeddings, overrides and isolates of direction; zero-width characters
// that hide in a name (not the joiners: emoji and several scripts need them); line and paragraph separators; lone surrogates.
const unseen =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
// CSI and OSC sequences (ECMA-48): colours of a terminal, of no use on a page.
const ansi = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

/** Line ends are kept, colours of a terminal go, every other unseen character is named: `⟨U+202E⟩`. */
export function shown(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(ansi, '')
    .replace(
      unseen,
      character => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
    );
}

/** Paths of an agent's disk cut to their last segment: `…/prepare.sh`. */
export function shortenPaths(text: string): string {
  return text.replace(
    /(?<![\w.:/\\…])(?:[A-Za-z]:)?(?:[\\/][^\\/\s'"]+){2,}[\\/]([^\\/\s'"]+)/g,
    (_, last: string) => `…/${last}`,
  );
}

/** Resource ids cut to their last two segments: `…/images/webapp-42`. What is cut is elsewhere on the page. */
export function shortenIds(text: string): string {
  return text.replace(/\/subscriptions\/[^\s'"`,;()<>]+/gi, id => {
    const end = /[.:]+$/.exec(id)?.[0] ?? '';
    const segments = id.slice(0, id.length - end.length).split('/');
    return segments.length < 5 ? id : `…/${segments.slice(-2).join('/')}${end}`;
  });
}
