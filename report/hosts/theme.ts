/** The host's colours, read for whether they are dark. Pure. */

/** @param background a colour as the service gives it: `rgba(255,255,255,1)`, `255, 255, 255` or `#fff` */
export function themeOf(background: string): 'light' | 'dark' | undefined {
  const rgb = channels(background.trim());
  if (rgb === undefined) return undefined;
  const [red, green, blue] = rgb;
  // What the eye takes for bright (ITU-R BT.601).
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? 'dark' : 'light';
}

function channels(color: string): [number, number, number] | undefined {
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(color)?.[1];
  const values =
    hex === undefined
      ? (/^(?:rgba?\()?([\d.]+)[,\s]+([\d.]+)[,\s]+([\d.]+)/.exec(color) ?? []).slice(1).map(Number)
      : [0, 1, 2].map(index =>
          hex.length === 3
            ? parseInt(hex.charAt(index).repeat(2), 16)
            : parseInt(hex.slice(index * 2, index * 2 + 2), 16),
        );
  const [red, green, blue] = values;
  return red === undefined || green === undefined || blue === undefined ? undefined : [red, green, blue];
}
