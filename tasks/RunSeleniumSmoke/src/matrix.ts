/** Several browsers, side by side. */

/**
 * Runs one job for each item, at most `limit` at once, all of them whatever becomes of one.
 * @returns in the items' order
 */
export async function runSideBySide<Item, Result>(
  items: readonly Item[],
  limit: number,
  run: (item: Item) => Promise<Result>,
): Promise<PromiseSettledResult<Result>[]> {
  const results = new Map<number, PromiseSettledResult<Result>>();
  const waiting = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, item] = next;
      const [result] = await Promise.allSettled([run(item)]);
      results.set(index, result);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, items.length)) }, worker));
  return items.flatMap((_item, index) => results.get(index) ?? []);
}
