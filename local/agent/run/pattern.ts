/** File patterns of artifacts: `*` and `?` within a name, `**` across folders, `!` to take back. */

/** Whether a path with `/` between its names is meant by the patterns; the last that fits decides. */
export function isMeant(path: string, patterns: readonly string[]): boolean {
  let meant = false;
  for (const pattern of patterns) {
    const takesBack = pattern.startsWith('!');
    if (toExpression(takesBack ? pattern.slice(1) : pattern).test(path)) meant = !takesBack;
  }
  return meant;
}

function toExpression(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, part => {
    if (part === '**/') return '(?:[^/]+/)*';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 's');
}
