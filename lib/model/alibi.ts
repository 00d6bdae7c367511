/**
 * The slopes of ALiBi for any number of heads (Press et al. 2022, as BLOOM uses them).
 *
 * For a power of two, head h has slope 2^(-8 (h+1) / heads). For other counts the slopes of the
 * next lower power of two come first, then every second slope of the next higher one.
 */
export function alibiSlopes(heads: number): number[] {
  const lower = 2 ** Math.floor(Math.log2(heads));
  const geometric = (count: number) =>
    Array.from({ length: count }, (_, head) => 2 ** (-8 * (head + 1) / count));
  const between = geometric(2 * lower).filter((_, index) => index % 2 === 0);
  return [...geometric(lower), ...between.slice(0, heads - lower)];
}
