/** Which keys of a window a query sees besides that none stands behind it. */
export interface SlidingWindow {
  /**
   * A query sees only keys whose position is less than this before its own; all earlier ones if absent.
   * Positive.
   */
  slidingWindow?: number;
  /** The position of each key, ascending, `[keys]`; 0..keys-1 if absent. */
  keyPositions?: ArrayLike<number>;
}

/**
 * The first key that each query sees, `[queries]`; undefined where all see the first one. The queries are
 * the last ones of the tokens whose keys there are.
 */
export function firstKeysSeen(
  queries: number,
  keys: number,
  { slidingWindow = Infinity, keyPositions }: SlidingWindow,
): Int32Array | undefined {
  const positionOf = (key: number) => keyPositions?.[key] ?? key;
  if (positionOf(keys - 1) - positionOf(0) < slidingWindow) return undefined;
  const firsts = new Int32Array(queries);
  let first = 0;
  for (let query = 0; query < queries; query++) {
    const own = positionOf(keys - queries + query);
    while (own - positionOf(first) >= slidingWindow) first++;
    firsts[query] = first;
  }
  return firsts;
}
